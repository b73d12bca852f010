"""Sentences about sending packages, and their receipts."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    return {**_before(), **_answers(), **_events(), **_probes(), **_outbox()}


def _before() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "transfer.not_a_file": translate(
            "AzeTransfer", "“{file}” is a folder. Choose the zip file that the export has written."
        ),
        "transfer.unreadable": translate("AzeTransfer", "“{file}” cannot be read ({detail})."),
        "transfer.package_changed": translate(
            "AzeTransfer",
            "“{file}” was changed while it was being sent, so the sending was stopped. Start again with a new receipt.",
        ),
        "transfer.invalid": translate(
            "AzeTransfer",
            "“{file}” was not sent, because it is no valid package. {count} problems:\n{problems}\nExport it again.",
        ),
        "transfer.invalid.one": translate(
            "AzeTransfer", "“{file}” was not sent, because it is no valid package:\n{problems}\nExport it again."
        ),
        "transfer.draft": translate(
            "AzeTransfer",
            "“{file}” was not sent, because it is a draft. Complete the nomination, or allow drafts to be sent.",
        ),
        "transfer.fields": translate(
            "AzeTransfer",
            "The fields of the form cannot be understood. They are JSON such as "
            '{{"file": "package", "fields": {{"digest": "{{sha256}}"}}, "check": "https://…/{{sha256}}"}}.',
        ),
        "transfer.check_without_digest": translate(
            "AzeTransfer",
            "The address to check by has to hold {{sha256}}: without it, it would tell of any package, not of this one.",
        ),
        "transfer.auth_no_header": translate(
            "AzeTransfer",
            "The authentication configuration “{authcfg}” cannot be used to send packages. Use the method “Basic” with "
            "user name and password, or “API Header”.",
        ),
        # receipts
        "transfer.receipt_foreign": translate(
            "AzeTransfer", "“{receipt}” is no receipt, or a damaged one, and was left as it is. Choose another file."
        ),
        "transfer.receipt_unreadable": translate("AzeTransfer", "The receipt “{receipt}” cannot be read ({detail})."),
        "transfer.receipt_in_use": translate(
            "AzeTransfer", "This package is being sent already: the receipt “{receipt}” is in use. Wait for its end."
        ),
        "transfer.other_package": translate(
            "AzeTransfer",
            "The receipt “{receipt}” is that of another package ({name}, begun on {day}). Choose another file for the "
            "receipt of this one.",
        ),
        "transfer.other_target": translate(
            "AzeTransfer",
            "By the receipt “{receipt}” this package goes to {url}. To send it to another address or in another way, "
            "choose another file for the receipt.",
        ),
    }


def _answers() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "transfer.said": translate("AzeTransfer", " The server says: “{said}”"),
        "transfer.said_nothing": "",
        "transfer.password": translate(
            "AzeTransfer",
            "{url} did not accept the user name or the password ({answer}). Correct them in the authentication "
            "configuration in QGIS's options.{problem}",
        ),
        "transfer.password_missing": translate(
            "AzeTransfer",
            "{url} wants a user name and a password ({answer}). Choose an authentication configuration that holds "
            "them.{problem}",
        ),
        "transfer.proxy_password": translate(
            "AzeTransfer",
            "The proxy on the way to {url} wants a user name and a password ({answer}). Enter them in QGIS's options "
            "(Network).",
        ),
        "transfer.forbidden": translate(
            "AzeTransfer",
            "{url} knows you, but does not let you put files there ({answer}). Ask its owner for the right to, or check "
            "the address.{problem}",
        ),
        "transfer.nothing_there": translate(
            "AzeTransfer", "There is nothing at {url} ({answer}). Check the address.{problem}"
        ),
        "transfer.not_offered": translate(
            "AzeTransfer",
            "{url} does not take files in this way ({answer}). Check the address and the method: WebDAV, form or tus."
            "{problem}",
        ),
        "transfer.sign_in": translate(
            "AzeTransfer",
            "{url} answers with a page to sign in, and kept nothing. Check the address, and choose an authentication "
            "configuration that the service takes.",
        ),
        "transfer.not_webdav": translate(
            "AzeTransfer", "What {url} answers is not WebDAV. Check the address and the method."
        ),
        "transfer.not_tus": translate(
            "AzeTransfer", "What {url} answers is not tus 1.0.0. Check the address and the method."
        ),
        "transfer.too_large": translate(
            "AzeTransfer",
            "The package ({megabytes} MB) is larger than {url} takes ({answer}). Ask its owner to take larger files, or "
            "leave out some evidence.{problem}",
        ),
        "transfer.too_large_known": translate(
            "AzeTransfer",
            "The package ({megabytes} MB) is larger than {url} takes ({most} MB). Ask its owner to take larger files, or "
            "leave out some evidence.",
        ),
        "transfer.locked": translate(
            "AzeTransfer", "The file at {url} is held by another call ({answer}). Try again in some minutes.{problem}"
        ),
        "transfer.busy": translate(
            "AzeTransfer",
            "{url} is too busy to take the package ({answer}). Try again later with the same receipt.{problem}",
        ),
        "transfer.busy_long": translate(
            "AzeTransfer",
            "{url} is too busy to take the package and asks to wait for {seconds} seconds. Try again then with the same "
            "receipt.",
        ),
        "transfer.server_full": translate(
            "AzeTransfer",
            "{url} has no room for the package of {megabytes} MB ({answer}). Ask its owner to make room, and try again "
            "with the same receipt.{problem}",
        ),
        "transfer.server_fault": translate(
            "AzeTransfer",
            "{url} has a fault ({answer}), such as a full disk. Nothing is lost: try again later with the same receipt, "
            "and tell its owner if it stays.{problem}",
        ),
        "transfer.moved": translate(
            "AzeTransfer",
            "{url} sends callers on to another page ({answer}), as a page for signing in does. Check the address and the "
            "authentication.{problem}",
        ),
        "transfer.refused": translate("AzeTransfer", "{url} did not take the package ({answer}).{problem}"),
        "transfer.timeout": translate(
            "AzeTransfer",
            "{url} does not answer, or has stopped taking the package. Check the connection, and try again with the same "
            "receipt.",
        ),
        "transfer.connection": translate(
            "AzeTransfer",
            "The connection to {url} failed or was lost again and again ({detail}). Check the connection and the address, "
            "and try again with the same receipt.",
        ),
        "transfer.truncated": translate(
            "AzeTransfer", "The answer of {url} breaks off. Check the connection, and try again with the same receipt."
        ),
        "transfer.no_folder": translate(
            "AzeTransfer", "There is no folder at {url}. Check the address, or have the folder made."
        ),
        "transfer.name_taken": translate(
            "AzeTransfer",
            "Another file with the name “{name}” lies at {url}, and was left alone. Give the package another name, or have "
            "that file removed.",
        ),
        "transfer.no_move": translate(
            "AzeTransfer",
            "{url} takes files, but does not let them be renamed once they are whole ({answer}). Ask its owner for the "
            "right to.",
        ),
        "transfer.size_differs": translate(
            "AzeTransfer",
            "What lies at {url} as “{name}” has {found} bytes, and not {expected}. Try again with the same receipt, and "
            "tell the owner if it stays so.",
        ),
        "transfer.forgetful": translate(
            "AzeTransfer", "{url} forgets what was sent before all of it is there. Tell its owner."
        ),
        "transfer.unknown": translate(
            "AzeTransfer",
            "All was sent to {url}, but no clear answer came, so nobody here can tell whether the package has arrived, "
            "and it is not sent again. Ask the people there. If they do not have it, send it with a new receipt in place "
            "of “{receipt}”.",
        ),
        "transfer.unclear": translate(
            "AzeTransfer",
            "When all was sent, {url} gave an answer ({answer}) that does not say whether it has kept the package, and it "
            "is not sent again. Ask the people there. If they do not have it, send it with a new receipt in place of "
            "“{receipt}”.{problem}",
        ),
    }


def _events() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "transfer.sending": translate("AzeTransfer", "Sending {name} ({megabytes} MB) to {url}"),
        "transfer.resuming": translate("AzeTransfer", "Going on where it was broken off, at {share}"),
        "transfer.waiting": translate("AzeTransfer", "Trying again in {seconds} seconds"),
        "transfer.expired": translate("AzeTransfer", "The server no longer has what was sent before: beginning anew"),
        "transfer.not_arrived": translate("AzeTransfer", "The server does not have the package: sending it again"),
        "transfer.comparing": translate(
            "AzeTransfer", "A file of that name and size is there: reading it to see whether it is the package"
        ),
        "transfer.found": translate("AzeTransfer", "{name} is there already."),
        "transfer.already": translate("AzeTransfer", "By the receipt the package arrived on {day}; nothing was sent."),
        "transfer.done": translate("AzeTransfer", "The package has arrived."),
    }


def _probes() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "transfer.probe_folder": translate(
            "AzeTransfer",
            "The folder at {url} is there and lets you in. Whether files may be put there shows when the first is sent.",
        ),
        "transfer.probe_tus": translate("AzeTransfer", "{url} takes files by tus and lets you in."),
        "transfer.probe_tus_most": translate(
            "AzeTransfer", "{url} takes files of up to {most} MB by tus and lets you in."
        ),
        "transfer.probe_form": translate(
            "AzeTransfer",
            "{url} answers ({answer}) and its certificate is good. A form cannot be tried without sending something.",
        ),
        "transfer.probe_form_check": translate(
            "AzeTransfer",
            "The address to check by answers as it should. A form itself cannot be tried without sending something.",
        ),
        "transfer.probe_check_always": translate(
            "AzeTransfer",
            "{url} says that a package is there which nobody has sent. By such an address nothing can be checked: it has "
            "to answer 404 for a package that is not there.",
        ),
    }


def _outbox() -> dict[str, str]:
    translate = QCoreApplication.translate
    return {
        "outbox.already_sent": translate(
            "AzeTransfer", "{name} arrived at {receiver} on {day} already, so it is not sent again."
        ),
        "outbox.changed": translate(
            "AzeTransfer",
            "The file “{name}” was changed or exported anew since it was put into the outbox. Remove it here, and send "
            "the file as it is now.",
        ),
        "outbox.already_there": translate("AzeTransfer", "{name} is in the outbox for {receiver} already."),
    }
