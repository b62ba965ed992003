"""Problems that come together, because they come from one thing that many operations do."""

from __future__ import annotations

from api.bodies import NoImage, UploadTooLarge, WrongContentType
from api.body_limit import BodyTooLarge, BodyTooSlow
from api.inputs import DamagedUpload, UnknownUpload, WrongShape
from api.inspector import NoAnswer
from api.messenger import BrokerAway
from api.problem_types import BAD_REQUEST, COMPUTATION_FAILED, DATABASE, OUT_OF_MEMORY
from api.tickets import OtherPath, UnknownTicket
from cnnservice.computations import UnknownComputation, WorkersLost
from cnnservice.datasets.errors import (
    BadReference,
    DatasetDeleted,
    ImageTooLarge,
    IndexOutOfRange,
    NotAnImage,
    SamplesNotAvailable,
    UnknownDataset,
    UnknownSplit,
    WrongChecksum,
)
from cnnservice.datasets.uploaded import DamagedDataset
from cnnservice.drawing.colormaps import UnknownColormap
from cnnservice.drawing.slices import SliceOutOfRange
from cnnservice.errors import InvalidError
from cnnservice.job_errors import EpochNotKept, UnknownEpoch, UnknownJob
from cnnservice.models import UnknownLayer
from cnnservice.specs.errors import LimitExceeded
from cnnservice.store import StoreUnavailable
from cnnservice.weights import DamagedFile

# Opening a model at the epoch that a query names, and one of its layers.
MODEL = (InvalidError, UnknownJob, UnknownEpoch, DATABASE)
LAYER = (*MODEL, UnknownLayer)
# Reading an epoch's weights from the store.
WEIGHTS = (EpochNotKept, DamagedFile, StoreUnavailable)
# Reading the images of a data set, and those of a split that a job was trained or tested on.
IMAGES = (DatasetDeleted, DamagedDataset, StoreUnavailable)
SPLIT = (*IMAGES, SamplesNotAvailable, WrongChecksum)
# A body at all.
BODY = (BAD_REQUEST, BodyTooLarge, BodyTooSlow)
# Decoding a picture; reading one from a body; finding one that a reference names.
PICTURE = (NotAnImage, ImageTooLarge)
UPLOAD = (*PICTURE, NoImage, UploadTooLarge)
EITHER_BODY_PROBLEMS = (*UPLOAD, WrongContentType)
IMAGE = (
    *IMAGES,
    *PICTURE,
    BadReference,
    UnknownDataset,
    UnknownSplit,
    IndexOutOfRange,
    UnknownUpload,
    DamagedUpload,
    WrongShape,
)
# Opening a stream of events, with a ticket or without.
STREAM = (InvalidError, UnknownTicket, OtherPath, BrokerAway, DATABASE)
# Asking an inspect worker, which reads the weights.
ASKED = (*WEIGHTS, BrokerAway, NoAnswer)
# Waiting for a long computation, which reads the weights too.
COMPUTED = (
    *WEIGHTS,
    LimitExceeded,
    UnknownComputation,
    WorkersLost,
    OUT_OF_MEMORY,
    COMPUTATION_FAILED,
)
# Drawing a sheet of slices.
SHEET = (UnknownColormap, SliceOutOfRange, LimitExceeded)
