/** What GraphiQL's own style leaves to be desired: the page never scrolls, and on a narrow one what stands side by side stands below. */
export const EXPLORER_STYLE = `
html, body, #root { height: 100%; margin: 0; overflow: hidden; position: relative }
#root { overflow: clip }
/* An animation that never ends would move a tab away from under the pointer that presses it. */
.graphiql-tab { transform: none !important }

@media (max-width: 900px) {
  .graphiql-sessions > div:last-child { flex-direction: column }
  .graphiql-sessions .graphiql-horizontal-drag-bar { display: none }
  .graphiql-editors { flex: 3 1 0% !important; min-height: 0 }
  .graphiql-response { flex: 2 1 0% !important; min-height: 0 }
  .graphiql-plugin:not([style*="-1000px"]) {
    background: hsl(var(--color-base)); inset: 0; overflow: auto; position: absolute !important; z-index: 20
  }
}

@media (max-width: 560px) {
  .graphiql-container .graphiql-container { flex-direction: column-reverse }
  .graphiql-container .graphiql-sidebar { flex-direction: row; width: auto; padding: 0 8px }
  .graphiql-container .graphiql-sidebar > button { margin: 0 !important }
  .graphiql-container .graphiql-main { min-height: 0; position: relative }
  .graphiql-container .graphiql-sessions { margin: 8px }
  .graphiql-logo { display: none !important }
  .graphiql-query-editor { padding: 8px !important }
}
`;
