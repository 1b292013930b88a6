import { createRequire } from 'node:module';
import { once } from 'node:events';
import PDFDocument from 'pdfkit';
import type { PrintedPlan } from '../../mappings/print/to-printed-plan.ts';

// A font of our own: those of every reader know neither ŵ nor ŷ.
const fontOf = (name: string): string => createRequire(import.meta.url).resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`);
const PLAIN = fontOf('DejaVuSans');
const BOLD = fontOf('DejaVuSans-Bold');
const MARGIN = 56;

/** A plan as a tagged PDF (A4, English) that is read aloud in its order. Streams nothing: a plan is a page or two. */
export const drawPdf = async (plan: PrintedPlan, now: Date): Promise<Buffer> => {
  const pdf = new PDFDocument({
    size: 'A4',
    margin: MARGIN,
    pdfVersion: '1.7',
    tagged: true,
    displayTitle: true,
    lang: 'en-GB',
    font: PLAIN,
    info: { Title: plan.title, Producer: 'Crisis-plan broker', Creator: 'Crisis-plan broker', CreationDate: now },
  });
  const chunks: Buffer[] = [];
  pdf.on('data', (chunk: Buffer) => void chunks.push(chunk));
  const ended = once(pdf, 'end');
  const root = pdf.struct('Document');
  pdf.addStructure(root);
  const add = (tag: string, font: string, size: number, text: string, gap = 0.3): void => {
    root.add(
      pdf.struct(tag, {}, () => {
        pdf.font(font).fontSize(size).text(text).moveDown(gap);
      }),
    );
  };
  add('H1', BOLD, 20, plan.title);
  for (const fact of plan.facts) add('P', PLAIN, 11, fact, 0.1);
  pdf.moveDown(0.5);
  for (const banner of plan.banners) add('P', BOLD, 12, banner);
  for (const { title, lines } of plan.sections) {
    pdf.moveDown(0.4);
    add('H2', BOLD, 14, title);
    for (const line of lines) add('P', PLAIN, 12, line);
  }
  root.end();
  pdf.end();
  await ended;
  return Buffer.concat(chunks);
};
