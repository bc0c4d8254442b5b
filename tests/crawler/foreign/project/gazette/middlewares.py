"""The project's own middleware."""

from scrapy import Request


class Stamp:
    """Marks each request."""

    def process_request(self, request: Request) -> None:
        request.headers["X-Gazette"] = "1"
