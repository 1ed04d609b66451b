// Entry of the page. A placeholder until the app wing is there.
document.body.append('Pageferry');
