"""A camera on the network: `python -m tests.camera.mjpeg_server PORT WIDTH HEIGHT FPS`.

A process of its own, so that a test can stop, continue and kill it.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.camera.clock_frames import clock_jpeg


class Handler(BaseHTTPRequestHandler):
    width, height, fps = 640, 480, 30.0

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        due = time.monotonic()
        try:
            while True:
                jpeg = clock_jpeg(self.width, self.height)
                self.wfile.write(
                    b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
                )
                self.wfile.write(jpeg + b"\r\n")
                due += 1 / self.fps
                time.sleep(max(0.0, due - time.monotonic()))
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return


def main() -> None:
    port, Handler.width, Handler.height = (int(word) for word in sys.argv[1:4])
    Handler.fps = float(sys.argv[4])
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
