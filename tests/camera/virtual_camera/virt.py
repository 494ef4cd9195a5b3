"""Makes the real picamera2 accept libcamera's virtual camera; changes nothing else."""
import picamera2
from picamera2 import Picamera2
from picamera2.allocators.libcameraallocator import LibcameraAllocator
Picamera2._get_raw_modes = lambda self: [{'format': 'SRGGB10', 'size': (1280, 720)}]
_init = Picamera2.__init__
def init(self, camera_num=0, **k):
    _init(self, camera_num, **k)
    self.allocator = LibcameraAllocator(self.camera)
Picamera2.__init__ = init
