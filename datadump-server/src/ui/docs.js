/* Adapts the documentation to the color scheme and the window width, and follows their changes. */
"use strict";

const docs = document.querySelector("rapi-doc");
const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 768px)");

const THEMES = {
  light: {
    theme: "light", "bg-color": "#ffffff", "text-color": "#1f2328", "primary-color": "#0b6bcb",
    "nav-bg-color": "#f3f4f6", "nav-text-color": "#1f2328",
    "nav-hover-bg-color": "#e2e5ea", "nav-hover-text-color": "#0b6bcb",
  },
  dark: {
    theme: "dark", "bg-color": "#16181d", "text-color": "#d7dae0", "primary-color": "#6cb2ff",
    "nav-bg-color": "#1f2228", "nav-text-color": "#d7dae0",
    "nav-hover-bg-color": "#2c3038", "nav-hover-text-color": "#6cb2ff",
  },
};

/* A narrow window has no space for a sidebar: all operations are expandable rows there. */
const LAYOUTS = {
  wide: { "render-style": "focused", "schema-style": "tree" },
  narrow: { "render-style": "view", "schema-style": "table" },
};

function set(attributes) {
  for (const [name, value] of Object.entries(attributes)) docs.setAttribute(name, value);
}

function adapt() {
  set(dark.matches ? THEMES.dark : THEMES.light);
  set(narrow.matches ? LAYOUTS.narrow : LAYOUTS.wide);
}

dark.addEventListener("change", adapt);
narrow.addEventListener("change", adapt);
adapt();
/* Set last, so that the first rendering already has the right layout. */
docs.setAttribute("spec-url", "/openapi.json");
