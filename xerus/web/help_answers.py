"""The answers of `/help`: what a person sees, why, and what to do, one for each kind of trouble."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One trouble.

    Attributes:
        name: its place in the address, `/help/{name}`.
        seen: the words of the page that lead here; may be empty.
        steps: what to do, in this order.
        link: words and address of the page where the first step is done.
    """

    name: str
    title: str
    seen: tuple[str, ...]
    why: str
    steps: tuple[str, ...]
    link: tuple[str, str] = ("Open Tools", "/tools")


_CONNECTING = (
    Answer(
        name="window",
        title="The Atlassian window does not open",
        seen=("Your browser blocked the window.",),
        why="A pop-up blocker of the browser, or of an extension, kept the window closed.",
        steps=(
            (
                "Choose “Open the sign-in page” or “use this tab instead” below the button. Both do the "
                "same without a pop-up."
            ),
            (
                "To get the window next time, allow pop-ups for this address: most browsers offer it at "
                "the end of the address bar."
            ),
            "Reload the Tools page and choose Configure again.",
        ),
    ),
    Answer(
        name="stuck",
        title="The window hangs, or nothing goes on",
        seen=(
            "Waiting for you to finish in the other window.",
            "The window for connecting Atlassian was open for more than 10 minutes.",
        ),
        why="The window was closed, lies behind another one, or Atlassian's own page does not go on. "
        "An attempt ends by itself after 10 minutes; nothing is stored before you accept.",
        steps=(
            (
                "Close the Atlassian window, then choose “Open the window again” or “Use this tab "
                "instead” on the card."
            ),
            (
                "If Atlassian's page itself hangs, clear the browser's cache and cookies for "
                "atlassian.com, and sign in there anew."
            ),
            (
                "If Atlassian's page says that an administrator has to approve the app, see “Your "
                "organisation blocks the app”."
            ),
            "Check your internet connection: open Jira or Confluence in another tab.",
            "Check in Jira or Confluence that your account may still use them.",
            "Choose Cancel on the card to give the attempt up, and Configure to start anew.",
        ),
    ),
    Answer(
        name="declined",
        title="Access was declined",
        seen=("Access declined", "You declined access at Atlassian. Nothing was stored."),
        why="Decline was chosen on Atlassian's page, or that page was left by its own Cancel.",
        steps=(
            "Choose Configure again and press Accept at Atlassian.",
            (
                "If you did not decline yourself, Atlassian may not let you allow this app: see “Your "
                "organisation blocks the app”."
            ),
        ),
    ),
    Answer(
        name="failed",
        title="Authentication Failed",
        seen=("Authentication Failed",),
        why="Atlassian sent you back, but the connection could not be made. The text below the title "
        "names the cause.",
        steps=(
            "Choose Try again. Most failures of this kind are over by then.",
            "Make sure that you sign in at Atlassian with the account of the right workspace.",
            "Check there that this account may use Jira or Confluence.",
            "Ask whether your organisation restricts apps: see “Your organisation blocks the app”.",
            "Try it again after a few minutes.",
            "If it stays so, send support the reference and the time.",
        ),
    ),
    Answer(
        name="account",
        title="The wrong account, or an account without a site",
        seen=("has no site that it may use with this app",),
        why="The browser was signed in at Atlassian with another account than the one you mean, or "
        "that account belongs to no site that lets this app in.",
        steps=(
            "Choose Try again. On Atlassian's page, switch to the right account before you accept.",
            (
                "If the wrong account is connected already, choose Reconnect: the new account takes its "
                "place, and the tokens of the old one are erased."
            ),
            (
                "If it was the right account, ask an administrator of your Jira or Confluence for access "
                "to the site."
            ),
        ),
    ),
    Answer(
        name="organisation",
        title="Your organisation blocks the app",
        seen=(
            "Atlassian refused a first read with status 403.",
            "Atlassian refused a first read with status 404.",
        ),
        why="Organisations can keep apps away from their Jira and Confluence, or let in only those that "
        "an administrator approved. Atlassian then shows its own page about it, offers no site, or "
        "refuses what the app reads. Xerus cannot go around it.",
        steps=(
            (
                "Ask your Atlassian administrator to allow this app. They find it in the administration "
                "of Atlassian under connected apps, and rules about apps under data security policies."
            ),
            "When they have, choose Configure or Reconnect again.",
            (
                "If only one product is refused, your account may have no licence for it: ask for it, or "
                "go on with the other one."
            ),
        ),
    ),
    Answer(
        name="permissions",
        title="Some permissions were not granted",
        seen=("Some permissions were not granted.", "was not granted"),
        why="Atlassian gave fewer permissions than Xerus asked for: your organisation narrowed them, "
        "or tools were added since you connected. Tools that need them are off, the rest works.",
        steps=(
            "Choose Reconnect and accept the whole list.",
            "Manage shows which permissions are missing, each in words.",
            (
                "If they are missing again, your administrator has to switch them on for the Atlassian "
                "app; the names below each permission tell them which."
            ),
        ),
        link=("Open the connection", "/connections/atlassian"),
    ),
    Answer(
        name="not-connected",
        title="Still not connected, or not configured, after you accepted",
        seen=("Not connected", "Not set up"),
        why="The page did not hear of it: it was offline at that moment, or is an old copy. What the "
        "server knows is right whatever the page says.",
        steps=(
            "Wait a few seconds: the card asks the server by itself.",
            "Reload the Tools page. It shows what is stored.",
            "Look at the browser's console, as below.",
            "If it still says so, contact support with the time of your attempt.",
        ),
    ),
    Answer(
        name="other-browser",
        title="The return does not belong to your session",
        seen=("This return from Atlassian does not belong to your session here.",),
        why="The Atlassian window was opened from another browser, from a session that has ended, or "
        "was used before. To keep strangers out, an answer counts once, and only in the browser "
        "that asked.",
        steps=(
            "Close that window.",
            "Open Tools in the browser that you want to use, and choose Configure there.",
        ),
    ),
    Answer(
        name="not-set-up",
        title="Atlassian is not set up here",
        seen=("Not set up", "Atlassian rejected this server's own app credentials."),
        why="The server has no Atlassian app of its own yet, or Atlassian refuses the one it has. That "
        "is nothing you can change; connections that exist are kept.",
        steps=(
            "Tell your administrator what the page says, with the names of the settings in it.",
            "Administrators: run xerus check, which names each setting with its remedy.",
        ),
    ),
)
_CONNECTED = (
    Answer(
        name="reconnect",
        title="Reconnect needed",
        seen=("Reconnect needed", "Expires soon"),
        why="Atlassian ended the access, or will soon: it was removed in your Atlassian account, an "
        "administrator ended it, your password was changed, or the year that Atlassian gives each "
        "consent is over. Xerus cannot renew it without you.",
        steps=(
            "Choose Reconnect and accept again. Sites and settings stay.",
            "If it is needed again and again, ask your Atlassian administrator whether a rule ends it.",
        ),
    ),
    Answer(
        name="trouble",
        title="Atlassian has trouble",
        seen=("Atlassian has trouble",),
        why="Atlassian did not answer, or answered with an error. Your connection is kept and tried "
        "again by itself; nothing is lost.",
        steps=(
            "Wait a few minutes.",
            "Choose Manage, then Test now: it makes a real call and says whether it is over.",
            (
                "If Jira and Confluence work in the browser and this stays, contact support with the "
                "reference."
            ),
        ),
        link=("Open the connection", "/connections/atlassian"),
    ),
    Answer(
        name="limits",
        title="A limit is used up",
        seen=("Atlassian's hourly limit for this installation is used up", "Too many requests"),
        why="Atlassian counts what an app asks for in an hour, and Xerus bounds what one person sends "
        "in a minute. What is over a limit is not sent.",
        steps=(
            "Wait until the time that the message names; it comes back by itself.",
            "Ask for less at once: fewer issues, a narrower search.",
        ),
    ),
)
_ELSEWHERE = (
    Answer(
        name="signed-out",
        title="You are signed out, or cannot sign in",
        seen=(
            "You are signed out.",
            "This form is out of date, so nothing was done.",
            "An administrator has turned off your access to Xerus.",
        ),
        why="A session ends after 30 days, when you or an administrator end it, or when your "
        "organisation or an administrator no longer lets you in. The connection to Atlassian stays as it is.",
        steps=(
            "Sign in again. You come back to the page that you asked for.",
            (
                "A form says that it is out of date if you signed in anew since it was opened: go back, "
                "reload the page and send it again."
            ),
            "If you are asked again and again, allow cookies for this address.",
            "If the sign-in is refused, the page says who can let you in.",
        ),
        link=("Sign in", "/signin"),
    ),
    Answer(
        name="client",
        title="An MCP client cannot connect",
        seen=("This client is not known here.",),
        why="The client has another address than it should, its registration was removed, its access "
        "was ended, or it does not follow the protocol's way to sign in.",
        steps=(
            "Compare the address in the client with the one on the Tools page, letter by letter.",
            (
                "In the client, forget or sign out of this server, and connect it again: it registers and "
                "asks you anew."
            ),
            "Look at Access: a client that you ended is not let in before you allow it again.",
            (
                "If it connects but lists no tools for Jira or Confluence, connect Atlassian on the Tools "
                "page."
            ),
            "A client on the internet reaches only an address that is on the internet.",
        ),
        link=("Open Access", "/access"),
    ),
    Answer(
        name="chat",
        title="The chat does not answer",
        seen=("The model did not answer.", "The message did not arrive."),
        why="The model behind the chat did not answer, or your connection to Xerus was cut.",
        steps=(
            "Reload the page: what was answered is there, and your draft is kept.",
            "Send the message again.",
            "If it fails again, contact support with the reference.",
        ),
        link=("Open the chat", "/"),
    ),
    Answer(
        name="error",
        title="Something else went wrong",
        seen=("Something went wrong", "Not available right now", "Page not found"),
        why="The page says what happened. Where it is Xerus's own mistake, it is logged under the "
        "reference.",
        steps=(
            "Go back and try it again.",
            "If it happens again, contact support with the reference, the time, and what you did.",
        ),
        link=("Open the chat", "/"),
    ),
)

GROUPS: Mapping[str, tuple[Answer, ...]] = {
    "While you connect": _CONNECTING,
    "When you are connected": _CONNECTED,
    "Signing in, the chat, MCP clients": _ELSEWHERE,
}
ANSWERS: Mapping[str, Answer] = {
    answer.name: answer for answers in GROUPS.values() for answer in answers
}
