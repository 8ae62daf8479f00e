using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Proxy.Reading.Queries;

namespace Milvus.Proxy.Reading;

/// <summary>Rows found by a query over all shards: their keys, ascending or in the order asked for, and where they are.</summary>
internal sealed record KeyedRows(PrimaryKeys Ids, RowAt[] Rows)
{
    /// <param name="take">Null for all.</param>
    public static async Task<KeyedRows> FindAsync(ShardReaders readers, ShardQuery query, int skip, int? take, CancellationToken cancellation)
    {
        ImmutableArray<ShardRows> shards = query.Filter is { IsAlwaysFalse: true }
            ? []
            : await readers.AskAsync(r => r.QueryAsync(query, cancellation)).ConfigureAwait(false);
        var picks = query.Order.IsEmpty ? KeyMerge.Merge(shards, skip, take) : [.. SortedRowsMerge.Picks(shards, query.Order).Skip(skip).Take(take ?? int.MaxValue)];
        var ids = ColumnGather.Gather([.. shards.Select(s => s.Ids)], picks, readers.Scope.Collection.Schema.PrimaryKey.Type);
        return new KeyedRows(ids, Array.ConvertAll(picks, p => new RowAt(p.Shard, shards[p.Shard].Rows[p.Index])));
    }

    /// <summary>Positions by key.</summary>
    public Dictionary<KeyValue, int> Positions()
    {
        var positions = new Dictionary<KeyValue, int>(Ids.Count);
        for (var i = 0; i < Ids.Count; i++) positions[KeyValue.Of(Ids, i)] = i;
        return positions;
    }
}

/// <summary>One primary key as a value that can be looked up.</summary>
internal readonly record struct KeyValue(long Number, string? Text) : IComparable<KeyValue>
{
    public static KeyValue Of(PrimaryKeys keys, int row) => keys.IsInt64 ? new(keys.Int64s[row], null) : new(0, keys.Strings.GetString(row));

    public int CompareTo(KeyValue other) => Text is null ? Number.CompareTo(other.Number) : CompareBytes(Text, other.Text!);

    public override string ToString() => Text ?? Number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    // UTF-16 order differs from byte order beyond the basic plane: surrogates stand for larger code points than what follows them.
    private static int CompareBytes(string a, string b)
    {
        for (var i = 0; i < a.Length && i < b.Length; i++)
        {
            if (a[i] == b[i]) continue;
            return char.IsSurrogate(a[i]) == char.IsSurrogate(b[i]) ? a[i].CompareTo(b[i]) : char.IsSurrogate(a[i]) ? 1 : -1;
        }
        return a.Length.CompareTo(b.Length);
    }
}
