// Finds every import of a module: static, re-exported, dynamic, of a type, of a worker; nothing in comments or text.
import { parseSync, Visitor, type ESTree } from 'vite';

export interface ImportSite {
  /** As written: `./walk.ts`, `three`, `../copy.wgsl?raw`. */
  specifier: string;
  line: number;
  /** Nothing of it is left when the program runs. */
  typeOnly: boolean;
}

export interface ModuleFacts {
  imports: ImportSite[];
  /** Lines with a literal such as `5n`. */
  bigintLines: number[];
}

/** Throws an `Error` that names the file when it does not parse. */
export function moduleFacts(file: string, source: string): ModuleFacts {
  const { program, errors } = parseSync(file, source);
  const broken = errors[0];
  if (broken !== undefined) throw new Error(`${file}: ${broken.message}`);
  const lines = lineFinder(source);
  const facts: ModuleFacts = { imports: [], bigintLines: [] };
  const add = (node: ESTree.Node, specifier: string, typeOnly: boolean) =>
    facts.imports.push({ specifier, line: lines(node.start), typeOnly });
  collect(add, (node) => facts.bigintLines.push(lines(node.start))).visit(program);
  return facts;
}

type Add = (node: ESTree.Node, specifier: string, typeOnly: boolean) => void;

function collect(add: Add, bigint: (node: ESTree.Node) => void): Visitor {
  return new Visitor({
    ImportDeclaration: (node) => add(node, node.source.value, isTypeImport(node)),
    ExportAllDeclaration: (node) => add(node, node.source.value, node.exportKind === 'type'),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) add(node, node.source.value, isTypeExport(node));
    },
    ImportExpression: (node) => add(node, literalText(node.source), false),
    TSImportType: (node) => add(node, node.source.value, true),
    NewExpression: (node) => {
      if (isName(node.callee, 'URL') && node.arguments.length === 2) addUrl(node, add);
    },
    Literal: (node) => {
      if ('bigint' in node && node.bigint !== null) bigint(node);
    },
  });
}

/** `new Worker(new URL('./worker.ts', import.meta.url))` is how a module names a worker's file. */
function addUrl(node: ESTree.NewExpression, add: Add): void {
  const [path, base] = node.arguments;
  const relative = base?.type === 'MemberExpression' && base.object.type === 'MetaProperty';
  if (relative && path?.type === 'Literal' && typeof path.value === 'string') add(node, path.value, false);
}

function isTypeImport(node: ESTree.ImportDeclaration): boolean {
  const named = node.specifiers;
  const each = named.length > 0 && named.every((one) => one.type === 'ImportSpecifier' && one.importKind === 'type');
  return node.importKind === 'type' || each;
}

function isTypeExport(node: ESTree.ExportNamedDeclaration): boolean {
  const each = node.specifiers.length > 0 && node.specifiers.every((one) => one.exportKind === 'type');
  return node.exportKind === 'type' || each;
}

/** A computed import cannot be judged, and so cannot be allowed: its text is reported as the specifier. */
function literalText(node: ESTree.Expression): string {
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : '(computed)';
}

function isName(node: ESTree.Expression, name: string): boolean {
  return node.type === 'Identifier' && node.name === name;
}

function lineFinder(source: string): (at: number) => number {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return (at) => starts.findLastIndex((start) => start <= at) + 1;
}
