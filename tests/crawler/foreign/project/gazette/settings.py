"""An ordinary Scrapy project of somebody else's; one entry in ADDONS archives what it fetches."""

BOT_NAME = "gazette"
SPIDER_MODULES = ["gazette.spiders"]
USER_AGENT = "Gazette/1.0 (+https://gazette.example)"
ROBOTSTXT_OBEY = True
RETRY_TIMES = 1
DOWNLOADER_MIDDLEWARES = {"gazette.middlewares.Stamp": 543}
ITEM_PIPELINES = {"gazette.pipelines.Collect": 300}

ADDONS = {"crawler.capturing.CaptureAddon": 500}
