"""The page that the simulator serves, in a browser: a phone that the SDK restarts changes its colour there."""

import contextlib
import os
import tempfile

import huaweicloudsdkcph.v1 as cph
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from harness import equal, other

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20


@contextlib.contextmanager
def browser():
    """A browser that nobody has used before; what its console says is kept."""
    with tempfile.TemporaryDirectory(dir=os.environ["HOME"]) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in [*FLAGS, f"--user-data-dir={profile}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
        try:
            yield driver
        finally:
            driver.quit()


@other("the page in a browser")
def page(stage):
    with browser() as driver:

        def shown():
            phone = driver.find_element(By.CSS_SELECTOR, f'[data-phone-id="{stage.phones[0]}"]')
            return phone.get_attribute("data-status"), phone.value_of_css_property("background-color")

        def wait(what, condition):
            WebDriverWait(driver, PATIENCE).until(lambda _: condition(), what)

        driver.get(stage.simulation.endpoint)
        phones = len(stage.simulation.state()["phones"])
        wait("every phone", lambda: len(driver.find_elements(By.CSS_SELECTOR, "[data-phone-id]")) == phones)
        running, colour = shown()

        body = cph.RestartCloudPhoneRequestBody(phones=[cph.PhoneProperty(phone_id=stage.phones[0])])
        answer = stage.client.restart_cloud_phone(cph.RestartCloudPhoneRequest(body=body))
        wait("another status", lambda: shown()[0] != running)
        wait("another colour", lambda: shown()[1] != colour)
        stage.succeeded(answer, "phones", stage.phones[:1], "RestartCloudPhone")
        wait("the first status and colour", lambda: shown() == (running, colour))

        entries = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
        elsewhere = [url for url in driver.execute_script(entries) if not url.startswith(stage.simulation.endpoint)]
        equal("resources from elsewhere", elsewhere, [])
        errors = [line["message"] for line in driver.get_log("browser") if line["level"] == "SEVERE"]
        equal("errors on the console", errors, [])
