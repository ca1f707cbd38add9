"""What a person sees of an HTML page: text, links, forms and their buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

_VOID = {"input", "meta", "link", "br", "hr", "img", "use", "path"}


@dataclass
class Button:
    text: str = ""
    label: str = ""
    name: str = ""
    value: str = ""
    action: str = ""

    def is_called(self, text: str) -> bool:
        return text in {self.label, " ".join(self.text.split())}


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)


@dataclass
class Link:
    href: str
    label: str = ""
    text: str = ""

    def is_called(self, text: str) -> bool:
        return text in {self.label, " ".join(self.text.split())}


class Page(HTMLParser):
    """A page as it was answered."""

    def __init__(self, *, url: str, status: int, headers: dict[str, str], html: str) -> None:
        super().__init__()
        self.url = url
        self.status = status
        self.headers = headers
        self.html = html
        self.forms: list[Form] = []
        self.links: list[Link] = []
        self._form: Form | None = None
        self._button: Button | None = None
        self._link: Link | None = None
        self._textarea = self._select = ""
        self._hidden = 0
        self._words: list[str] = []
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                action = urljoin(self.url, given.get("action") or self.url)
                self._form = Form(action, given.get("method", "get").lower())
                self.forms.append(self._form)
            case "input":
                self._input(given)
            case "textarea":
                self._textarea = given.get("name", "")
            case "select":
                self._select = given.get("name", "")
            case "option":
                self._option(given)
            case "button":
                self._button = Button(
                    label=given.get("aria-label", ""),
                    name=given.get("name", ""),
                    value=given.get("value", ""),
                    action=given.get("formaction", ""),
                )
                if self._form:
                    self._form.buttons.append(self._button)
            case "a":
                self._link = Link(
                    urljoin(self.url, given.get("href", "")), given.get("aria-label", "")
                )
                self.links.append(self._link)
            case "script" | "style" | "template" | "svg":
                self._hidden += 1
            case _:
                pass

    def _option(self, given: dict[str, str]) -> None:
        """Take the first option of a list, or the one that is selected."""
        if self._form and ("selected" in given or self._select not in self._form.fields):
            self._form.fields[self._select] = given.get("value", "")

    def _input(self, given: dict[str, str]) -> None:
        if not self._form:
            return
        kind = given.get("type", "text")
        if kind == "submit":
            button = Button(text=given.get("value", ""), name=given.get("name", ""))
            button.value = given.get("value", "")
            self._form.buttons.append(button)
        elif given.get("name") and (kind not in {"checkbox", "radio"} or "checked" in given):
            self._form.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "button":
                self._button = None
            case "a":
                self._link = None
            case "textarea":
                self._textarea = ""
            case "script" | "style" | "template" | "svg":
                self._hidden -= 1
            case _:
                pass

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._textarea and self._form:
            self._form.fields[self._textarea] = data
        if self._button:
            self._button.text += data
        if self._link:
            self._link.text += data
        self._words.append(data)
