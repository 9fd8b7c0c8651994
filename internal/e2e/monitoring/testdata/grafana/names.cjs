// Reads data frames from standard input:
// [{"fields": [{"name": ..., "type": ..., "labels": {...}, "values": [...]}]}].
// Prints the names that Grafana displays for their number fields.
const { toDataFrame, getFieldDisplayName, FieldType } = require('@grafana/data');

let input = '';
process.stdin.on('data', (chunk) => (input += chunk));
process.stdin.on('end', () => {
  const frames = JSON.parse(input).map((frame) => toDataFrame(frame));
  const names = frames.flatMap((frame) =>
    frame.fields.filter((field) => field.type === FieldType.number).map((field) => getFieldDisplayName(field, frame, frames))
  );
  process.stdout.write(JSON.stringify(names));
});
