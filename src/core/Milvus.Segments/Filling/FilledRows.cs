using System.Runtime.CompilerServices;
using Milvus.Model;

namespace Milvus.Segments;

/// <summary>Rows with the outputs of functions that they lack, computed block by block as they are read. Values that are there stay.</summary>
internal sealed class FilledRows(ISegmentRows rows, CollectionSchema schema, IFunctionFiller filler) : ISegmentRows
{
    public long SegmentId => rows.SegmentId;

    public int RowCount => rows.RowCount;

    public bool Lacks(FieldSchema output) => rows.Lacks(output) && schema.FunctionOf(output) is null;

    public Task<ulong[]?> KeptRowsAsync(Timestamp horizon, CancellationToken cancellationToken) => rows.KeptRowsAsync(horizon, cancellationToken);

    public IAsyncEnumerable<Column> ReadBlocksAsync(FieldSchema field, CancellationToken cancellationToken) =>
        field.IsFunctionOutput && rows.Lacks(field) && schema.FunctionOf(field) is { } function ? FillAsync(field, function, cancellationToken) : rows.ReadBlocksAsync(field, cancellationToken);

    public IAsyncEnumerable<FixedColumn<long>> ReadTimestampBlocksAsync(CancellationToken cancellationToken) => rows.ReadTimestampBlocksAsync(cancellationToken);

    private async IAsyncEnumerable<Column> FillAsync(FieldSchema output, FunctionSchema function, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var fields = filler.InputsOf(schema, function);
        var inputs = new IAsyncEnumerator<Column>[fields.Length];
        for (var i = 0; i < inputs.Length; i++) inputs[i] = rows.ReadBlocksAsync(fields[i], cancellation).GetAsyncEnumerator(cancellation);
        try
        {
            await foreach (var present in rows.ReadBlocksAsync(output, cancellation).ConfigureAwait(false))
            {
                var columns = new Dictionary<long, Column>(inputs.Length);
                for (var i = 0; i < inputs.Length; i++)
                {
                    if (!await inputs[i].MoveNextAsync().ConfigureAwait(false)) throw new IntegrityException($"segment {SegmentId}", $"field {fields[i].Id} ends before field {output.Id}");
                    columns[fields[i].Id] = inputs[i].Current;
                }
                yield return await FillAsync(output, function, present, columns, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (var input in inputs) await input.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask<Column> FillAsync(FieldSchema output, FunctionSchema function, Column present, Dictionary<long, Column> inputs, CancellationToken cancellation)
    {
        var missing = new List<int>();
        for (var row = 0; row < present.Count; row++)
            if (present.IsNull(row)) missing.Add(row);
        if (missing.Count == 0) return present;
        if (missing.Count == present.Count) return await filler.ComputeAsync(schema, function, inputs, cancellation).ConfigureAwait(false);

        var rowsOf = missing.ToArray();
        var computed = await filler.ComputeAsync(schema, function, inputs.ToDictionary(i => i.Key, i => i.Value.Take(rowsOf)), cancellation).ConfigureAwait(false);
        var builder = ColumnBuilder.For(output);
        for (int row = 0, next = 0; row < present.Count; row++)
        {
            if (present.IsNull(row)) builder.AppendFrom(computed, next++);
            else builder.AppendFrom(present, row);
        }
        return builder.Build();
    }
}
