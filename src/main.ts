// Entry of the page: one worker holds the session and its GPU device; the page shows it.
import './app/ui/page.css';
import './app/ui/bar.css';
import './app/ui/scene.css';
import './app/ui/charts.css';
import './app/ui/panel.css';
import './app/ui/records.css';
import { startApp } from './app/app.ts';

startApp(() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
