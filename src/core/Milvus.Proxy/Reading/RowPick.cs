using Milvus.Model;

namespace Milvus.Proxy.Reading;

/// <summary>One row among the answers of several shards.</summary>
/// <param name="Index">Position in that shard's answer.</param>
internal readonly record struct RowPick(int Shard, int Index);

/// <summary>Puts columns together from the columns of several shards.</summary>
internal static class ColumnGather
{
    /// <param name="sources">A column per shard, of one type; null for shards without picks.</param>
    /// <param name="picks">At least one.</param>
    public static Column Gather(ReadOnlySpan<Column?> sources, ReadOnlySpan<RowPick> picks)
    {
        var first = sources[picks[0].Shard]!;
        if (sources.Length == 1)
        {
            var rows = new int[picks.Length];
            var inOrder = picks.Length == first.Count;
            for (var i = 0; i < rows.Length; i++)
            {
                rows[i] = picks[i].Index;
                inOrder &= rows[i] == i;
            }
            return inOrder ? first : first.Take(rows);
        }
        var builder = BuilderLike(first);
        foreach (var pick in picks) builder.AppendFrom(sources[pick.Shard]!, pick.Index);
        return builder.Build();
    }

    public static PrimaryKeys Gather(ReadOnlySpan<PrimaryKeys> sources, ReadOnlySpan<RowPick> picks, DataType type)
    {
        if (picks.IsEmpty) return new PrimaryKeys(ColumnBuilder.For(type).Build());
        var columns = new Column?[sources.Length];
        for (var i = 0; i < columns.Length; i++) columns[i] = sources[i].Column;
        return new PrimaryKeys(Gather(columns, picks));
    }

    private static ColumnBuilder BuilderLike(Column column) => column switch
    {
        ArrayColumn { Elements: VectorColumn vectors } => ColumnBuilder.For(DataType.ArrayOfVector, vectors.Type, vectors.Dimension),
        ArrayColumn array => ColumnBuilder.For(DataType.Array, array.ElementType),
        VectorColumn vectors => ColumnBuilder.For(vectors.Type, DataType.None, vectors.Dimension),
        _ => ColumnBuilder.For(column.Type),
    };
}
