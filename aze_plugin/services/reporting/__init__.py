"""What reports are made of, for people: charts as SVG, a page of HTML, a print layout, maps.

- ``charts``: pure functions that give SVG text. No Qt in them; the panel paints the same text by QSvgRenderer.
- ``html``: ``Page`` collects headings, tables and figures into one HTML file that needs nothing else.
- ``layout``: ``Report`` opens a ``.qpt``, the user's copy first, fills it, flows what is long over pages, makes a PDF;
  ``template``, ``flow``, ``tables`` and ``lettering`` are its parts, ``sheet`` one that keeps to a page.
- ``maps``: ``MapContent`` becomes styled layers for a layout, or a PNG; ``symbols`` and ``palette``: how they look.
- ``fonts``: the fonts that documents are set in.
- ``pdf``: the same bytes for the same pages.

Charts and pages may be made in any thread; ``layout`` and ``maps`` belong to the main one, see
``services.main_thread``. Sentences and numbers come from the caller, by ``services.wording`` and ``services.figures``:
nothing here knows what is reported.
"""
