import { chartStyleSheet, themeStyleSheet } from "../charts/chart-style.js";

/** The whole style sheet of a report: theme, charts, page, small screens, print. */
export function pageStyleSheet(): string {
  return `${themeStyleSheet(
    {
      "--page": "#ffffff",
      "--panel": "#f6f8fa",
      "--link": "#0b5cad",
      "--notice": "#8a3a00",
      "--notice-panel": "#fff3e6",
    },
    {
      "--page": "#15191e",
      "--panel": "#1c2127",
      "--link": "#7cc0f5",
      "--notice": "#ffb27a",
      "--notice-panel": "#33210f",
    },
  )}
${chartStyleSheet()}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--chart-ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
header,main,footer{max-width:1240px;margin:0 auto;padding:0 20px}
header{padding-top:24px}
h1{font-size:26px;line-height:1.2;margin:0 0 6px}
h2{font-size:21px;line-height:1.25;margin:44px 0 10px;padding-top:14px;border-top:1px solid var(--chart-grid)}
h3{font-size:16px;margin:26px 0 6px}
h4{font-size:14px;margin:0 0 2px}
p{margin:0 0 10px;max-width:78ch}
a{color:var(--link)}
.muted,.small{color:var(--chart-muted)}.small{font-size:13px}
.notice{border:1px solid currentColor;border-left-width:6px;border-radius:4px;background:var(--notice-panel);color:var(--notice);padding:10px 14px;margin:14px 0;font-weight:600;max-width:none}
.theme{border:0;margin:0;padding:0;float:right;font-size:13px;color:var(--chart-muted);display:flex;gap:10px}
.theme legend{float:left;padding:0;margin-right:2px}
.scroll{position:relative;overflow-x:auto;margin:0 0 6px}
table{border-collapse:collapse;font-size:13.5px;min-width:100%}
.above{margin:0 0 4px;max-width:none;color:var(--chart-muted);font-size:13px}.scroll+.two{margin-top:22px}
th,td{padding:4px 7px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--chart-grid)}
thead th{font-weight:600;vertical-align:bottom;border-bottom-color:var(--chart-axis)}
tbody th{font-weight:400}
tr:not(.methods)>th:first-child,.name{text-align:left}
tr:not(.methods)>th:first-child{position:sticky;left:0;background:var(--page);z-index:1}
th.group{text-align:center}
.edge{border-left:1px solid var(--chart-grid)}
td.best{font-weight:700}
td.best::after{content:"\\25C4";font-size:8px;margin-left:2px;vertical-align:1px;color:var(--series-blue)}
td:not(.best):not(.name)::after,thead th:not(:first-child):not(.group):not(.name)::after{content:"\\25C4";font-size:8px;margin-left:2px;visibility:hidden}
tr.model th,tr.model td{background:var(--panel)}tr.model th{font-weight:600}
tr.group-start th,tr.group-start td{border-top:1px solid var(--chart-axis)}
.key{display:inline-block;vertical-align:-2px;margin-right:6px}.key .chart{width:28px;height:12px}
.grid{display:grid;gap:22px 28px;grid-template-columns:repeat(3,minmax(0,1fr));align-items:start}
.wide{grid-column:span 2}.pair{display:grid;gap:22px 28px;grid-template-columns:repeat(2,minmax(0,1fr))}.table{margin-bottom:24px}
figure{margin:0;min-width:0;break-inside:avoid}
figure>.chart,.pane>.chart{display:block;width:100%;height:auto;max-width:460px}
.locus .chart{display:block;width:100%;height:auto}
.locus>.narrow{display:none}
.unscaled .chart{min-width:900px}
.locus{margin-bottom:12px}
details{font-size:13px;color:var(--chart-muted);margin-top:4px}
details table{color:var(--chart-ink);font-size:13px}
summary{cursor:pointer;width:max-content;max-width:100%}
summary:focus-visible,a:focus-visible,input:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.tag{display:inline-block;font-size:12px;font-weight:600;border:1px solid currentColor;border-radius:9px;padding:0 8px;margin-left:6px;color:var(--chart-muted)}
.tag.seeded,.tag.poor{color:var(--series-vermillion)}.tag.good{color:var(--series-green)}h2 .tag{vertical-align:3px}td .tag{margin-left:0}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 18px;margin:0;font-size:14px}
dt{color:var(--chart-muted)}dd{margin:0;overflow-wrap:anywhere}
.counts{display:flex;flex-wrap:wrap;gap:2px 22px;font-size:14px;margin:0 0 12px;color:var(--chart-muted)}.counts b{color:var(--chart-ink)}
.two{display:grid;gap:22px 40px;grid-template-columns:repeat(2,minmax(0,1fr));align-items:start}
ul{margin:0;padding-left:18px;font-size:14px}
.empty{border:1px dashed var(--chart-axis);border-radius:4px;padding:16px;color:var(--chart-muted);font-size:14px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.match{border-top:1px solid var(--chart-grid);margin-top:6px;padding-top:6px;max-width:460px;font-size:14px}.match .aligned{margin-top:4px}td.wrap{white-space:normal;overflow-wrap:anywhere}figure>.aligned{margin-top:6px}.aligned svg{display:block;max-width:100%;height:auto}
.logos{display:flex;flex-wrap:wrap;gap:18px 28px}.query{display:flex;flex-wrap:wrap;align-items:center;gap:4px 24px;margin-bottom:14px}.query p{margin:0}
footer{margin-top:48px;padding-bottom:36px;font-size:13px;color:var(--chart-muted)}
@media(max-width:1100px){.grid,.two{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media(max-width:940px){.locus>.broad{display:none}.locus>.narrow{display:block;max-width:620px}}
@media(max-width:720px){.two{grid-template-columns:minmax(0,1fr)}header,main,footer{padding-left:14px;padding-right:14px}.grid{grid-template-columns:minmax(0,1fr)}.pair{grid-template-columns:minmax(0,1fr)}.wide{grid-column:auto}th,td{padding:4px 6px}.theme{float:none;margin-bottom:10px}dl{grid-template-columns:minmax(0,1fr)}dd{margin-bottom:6px}}
@media print{.wide{grid-column:1/-1}.pair,.two{grid-template-columns:repeat(2,minmax(0,1fr))}table,details table{font-size:10.5px}th,td{padding:2px 4px}h2{margin-top:0;border:0}.theme,.up{display:none}body{font-size:11pt}header,main,footer{max-width:none;padding:0}.grid{grid-template-columns:repeat(2,minmax(0,1fr))}a{color:inherit;text-decoration:none}h2{break-after:avoid}h3,h4{break-after:avoid}details::details-content{display:block;content-visibility:visible;height:auto}.scroll{overflow:visible}section.factor{break-before:page}}`;
}
