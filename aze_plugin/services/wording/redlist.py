"""Sentences about the Red List's service, the network, and lists other than the global one."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        # the network and what signs calls
        "network.bad_address": translate(
            "AzeErrors", "“{url}” is no address of a service. It has to begin with https:// and hold no password."
        ),
        "network.insecure": translate(
            "AzeErrors",
            "“{url}” is not encrypted, so anybody on the way could read the token. Give an address that begins with "
            "https://.",
        ),
        "network.auth_none": translate(
            "AzeErrors", "No authentication was chosen. Make one in QGIS's options that holds the token, and choose it."
        ),
        "network.auth_missing": translate(
            "AzeErrors",
            "QGIS has no authentication configuration “{authcfg}”. Choose another one, or make it in QGIS's options "
            "(Authentication).",
        ),
        "network.auth_disabled": translate(
            "AzeErrors", "QGIS's authentication system is switched off: {detail} Switch it on to use a token."
        ),
        "network.auth_locked": translate(
            "AzeErrors",
            "The authentication configuration “{authcfg}” could not be opened. Enter QGIS's master password when asked, "
            "or name its file in QGIS_AUTH_PASSWORD_FILE on the command line.",
        ),
        "network.auth_no_header": translate(
            "AzeErrors",
            "The authentication configuration “{authcfg}” holds no token for this. Use the method “API Header” with a "
            "header named Authorization, or “Basic” with the token as the password.",
        ),
        "network.auth_bad_header": translate(
            "AzeErrors",
            "The token in the authentication configuration “{authcfg}” is empty or has characters that cannot be sent. "
            "Copy it again, without line breaks.",
        ),
        "network.proxy": translate(
            "AzeErrors",
            "The proxy that QGIS is set to use does not answer or does not let the call pass ({detail}). Check QGIS's "
            "options (Network).",
        ),
        "network.tls": translate(
            "AzeErrors",
            "The certificate of “{url}” is not trusted ({detail}). Behind a company's firewall, add its certificate in "
            "QGIS's options (Authentication, Manage Certificates).",
        ),
        "network.redirected": translate(
            "AzeErrors",
            "“{url}” sends callers on to {onward}. Nothing was sent to it. Check the address; if the service has "
            "moved, enter its new one.",
        ),
        # the Red List's service
        "redlist.token_refused": translate(
            "AzeErrors",
            "The Red List refused the token (answer {status} of “{url}”). Check that it was copied whole and is still "
            "valid, or ask for a new one at api.iucnredlist.org.",
        ),
        "redlist.busy": translate(
            "AzeErrors",
            "The Red List asks to be left alone for a while (it named {seconds} seconds). Try again later: what it has "
            "answered so far is kept.",
        ),
        "redlist.waiting": translate("AzeErrors", "The Red List is busy: going on in {seconds} seconds"),
        "redlist.timeout": translate("AzeErrors", "no answer came in time"),
        "redlist.connection": translate("AzeErrors", "the server could not be reached"),
        "redlist.truncated": translate("AzeErrors", "the answer broke off"),
        "redlist.not_json": translate("AzeErrors", "the answer was cut off or is not from the Red List API"),
        "redlist.server_error": translate("AzeErrors", "the server has a fault (answer {status})"),
        "redlist.unexpected_status": translate(
            "AzeErrors", "the server does not understand the question (answer {status})"
        ),
        "redlist.unexpected": translate("AzeErrors", "the answer is not of the form that the Red List API has"),
        # the refresh
        "refresh.gave_up": translate(
            "AzeErrors",
            "The Red List could not be asked several times in a row: {problem}. Check the connection and the address, and "
            "try again: the {done} answers so far are kept.",
        ),
        "refresh.no_cache": translate(
            "AzeErrors",
            "The answers could not be kept in “{file}”, as its folder cannot be written to: the next refresh asks for all "
            "of them again.",
        ),
        "refresh.no_question": translate(
            "AzeErrors", "has neither a number nor a name of two words by which it could be asked for"
        ),
        "refresh.other_taxon": translate(
            "AzeErrors",
            "the number {number} belongs to {listed} on the Red List, so nothing was taken over. Import the Red List's "
            "own numbers to have this taxon refreshed",
        ),
        "refresh.not_listed": translate("AzeErrors", "not on the Red List"),
        "refresh.not_global": translate("AzeErrors", "on the Red List with regional assessments only"),
        "refresh.category": translate("AzeErrors", "{taxon}: {old} → {new}, published in {year}."),
        "refresh.year": translate("AzeErrors", "{taxon}: still {new}, in a new assessment of {year}."),
        "refresh.listed_as": translate("AzeErrors", "The Red List calls it {listed}."),
        "refresh.found": translate(
            "AzeErrors",
            "{checked} taxa checked: {count} changes, {not_found} not on the list, {failed} could not be checked. The "
            "library is as it was.",
        ),
        "refresh.found.one": translate(
            "AzeErrors",
            "{checked} taxa checked: one change, {not_found} not on the list, {failed} could not be checked. The "
            "library is as it was.",
        ),
        "refresh.applied": translate(
            "AzeErrors",
            "{checked} taxa checked: {count} changes taken over, {not_found} not on the list, {failed} could not be "
            "checked.",
        ),
        "refresh.applied.one": translate(
            "AzeErrors",
            "{checked} taxa checked: one change taken over, {not_found} not on the list, {failed} could not be checked.",
        ),
        # national lists
        "library.no_such_authority": translate(
            "AzeErrors",
            "The library “{file}” has no list named “{authority}”. It has: {available}. Choose one of them, or leave the "
            "list empty for the global Red List.",
        ),
        "library.no_authorities": translate(
            "AzeErrors",
            "The library “{file}” has no national list, so none named “{authority}”. Import the list under this name "
            "first, or leave the list empty for the global Red List.",
        ),
        "library.national_fields": translate(
            "AzeErrors",
            "“{file}” is no list of taxa and categories. It needs a column of scientific names (scientific_name, especie, "
            "nome_cientifico) and one of categories (category, categoria). Its columns begin with: {fields}.",
        ),
        "package.authority": translate(
            "AzeFindings",
            "The assessment follows the list {authority}, which the library does not have, so its shares could not be "
            "computed again. Import the list under this name and verify once more.",
        ),
        "endangerment.national_authority": translate(
            "AzeFindings",
            "This result follows {authority}. For AZE and for KBA criterion A1e the global IUCN Red List counts: leave "
            "the list empty to see what it says.",
        ),
        "endangerment.not_on_list": translate(
            "AzeFindings", "{taxon} is not on the list {authority}, so it cannot be assessed by it."
        ),
        "endangerment.none_on_list": translate(
            "AzeFindings", "Cannot be assessed: {count} taxa here are not on the list {authority} ({taxa})."
        ),
        "endangerment.none_on_list.one": translate(
            "AzeFindings", "Cannot be assessed: the one taxon here is not on the list {authority} ({taxa})."
        ),
    }
