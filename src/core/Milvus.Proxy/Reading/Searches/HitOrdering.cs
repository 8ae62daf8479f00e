using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Proxy.Reading.Searches;

/// <summary>
/// Re-orders the hits of every query by fields, JSON paths or dynamic keys; hits with equal values keep the order of their scores. Groups stay together, in
/// the order of their best hits.
/// </summary>
internal sealed class HitOrdering
{
    private readonly ImmutableArray<Key> _keys;

    private HitOrdering(ImmutableArray<Key> keys) => _keys = keys;

    /// <param name="Path">Null for the field's own values.</param>
    private sealed record Key(SortKey Sort, byte[][]? Path);

    /// <summary>Null when hits stay as they are.</summary>
    /// <exception cref="MilvusException">1100: no such field, or not one with an order.</exception>
    public static HitOrdering? Find(CollectionInfo collection, ImmutableArray<OrderItem> items)
    {
        if (items.IsEmpty) return null;
        var keys = ImmutableArray.CreateBuilder<Key>(items.Length);
        foreach (var (name, descending, nullsFirst) in items)
        {
            var isCut = name.Contains('[', StringComparison.Ordinal) && !name.EndsWith(']');
            if (isCut || JsonPathText.Resolve(collection.Schema, name) is not var (field, path))
                throw MilvusException.InvalidParameter($"order_by field '{name}' does not exist in collection schema");
            var isJson = field.Type == DataType.Json && !path.IsEmpty;
            if (!isJson && !ColumnOrder.IsDefinedFor(field.Type))
                throw MilvusException.InvalidParameter(
                    $"order_by field '{name}' has unsortable type {Coordinator.Names.DataTypeNames.Spelled(field.Type)}; supported types: bool, int8/16/32/64, float, double, string, varchar; for JSON fields use path syntax like field[\"key\"]");
            keys.Add(new Key(new SortKey(field, descending, nullsFirst), isJson ? [.. path.Select(Encoding.UTF8.GetBytes)] : null));
        }
        return new HitOrdering(keys.MoveToImmutable());
    }

    public async Task<MergedHits> ApplyAsync(ShardReaders readers, MergedHits hits, CancellationToken cancellation)
    {
        if (hits.Scores.Length < 2) return hits;
        var fetch = new RowFetch(readers, hits.Rows());
        var columns = new Column[_keys.Length];
        var values = new JsonValue[]?[_keys.Length];
        for (var k = 0; k < columns.Length; k++)
        {
            columns[k] = await fetch.FetchAsync(_keys[k].Sort.Field, cancellation).ConfigureAwait(false);
            if (_keys[k].Path is { } path) values[k] = JsonValue.Of((BinaryColumn)columns[k], path);
        }
        var order = new int[hits.Scores.Length];
        for (int query = 0, first = 0; query < hits.Counts.Length; first += hits.Counts[query++])
        {
            // The best hit of its group decides where a hit goes; without grouping that is the hit itself.
            var leaders = Leaders(hits, first, hits.Counts[query]);
            var sorted = Enumerable.Range(first, hits.Counts[query]).ToArray();
            Array.Sort(sorted, (a, b) =>
            {
                var (x, y) = (leaders[a - first], leaders[b - first]);
                return x == y ? a.CompareTo(b) : Compare(columns, values, x, y) is not 0 and var c ? c : x.CompareTo(y);
            });
            sorted.CopyTo(order, first);
        }
        return hits.Reorder(order);
    }

    private static int[] Leaders(MergedHits hits, int first, int count)
    {
        var leaders = new int[count];
        if (hits.GroupValues.IsEmpty)
        {
            for (var i = 0; i < count; i++) leaders[i] = first + i;
            return leaders;
        }
        var groups = new Segments.GroupNumbers();
        var best = new List<int>();
        for (var i = 0; i < count; i++)
        {
            var group = groups.Add(hits.GroupValues.AsSpan(), first + i);
            if (group == best.Count) best.Add(first + i);
            leaders[i] = best[group];
        }
        return leaders;
    }

    private int Compare(Column[] columns, JsonValue[]?[] values, int a, int b)
    {
        for (var k = 0; k < _keys.Length; k++)
        {
            var sort = _keys[k].Sort;
            var order = values[k] is { } json ? json[a].CompareTo(json[b], sort) : sort.Compare(columns[k], a, columns[k], b);
            if (order != 0) return order;
        }
        return 0;
    }

    /// <summary>A value out of JSON: nothing, else booleans before numbers before texts before anything else.</summary>
    private readonly record struct JsonValue(int Rank, double Number, string Text)
    {
        private const int Absent = 0;

        public static JsonValue[] Of(BinaryColumn column, byte[][] path)
        {
            var values = new JsonValue[column.Count];
            for (var row = 0; row < values.Length; row++)
                if (!column.IsNull(row) && !column[row].IsEmpty) values[row] = Of(column[row], path);
            return values;
        }

        public int CompareTo(JsonValue other, SortKey sort)
        {
            if (Rank == Absent || other.Rank == Absent) return Rank == other.Rank ? 0 : Rank == Absent == sort.NullsFirst ? -1 : 1;
            var order = Rank.CompareTo(other.Rank);
            if (order == 0) order = Number.CompareTo(other.Number);
            if (order == 0) order = string.CompareOrdinal(Text, other.Text);
            return sort.Descending ? -order : order;
        }

        private static JsonValue Of(ReadOnlySpan<byte> text, byte[][] path)
        {
            var reader = new Utf8JsonReader(text);
            if (!JsonProjection.TryFind(ref reader, path)) return default;
            switch (reader.TokenType)
            {
                case JsonTokenType.Null: return default;
                case JsonTokenType.False: return new JsonValue(1, 0, "");
                case JsonTokenType.True: return new JsonValue(1, 1, "");
                case JsonTokenType.Number: return new JsonValue(2, reader.GetDouble(), "");
                case JsonTokenType.String: return new JsonValue(3, 0, reader.GetString()!);
                default:
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    return new JsonValue(4, 0, Encoding.UTF8.GetString(text[start..(int)reader.BytesConsumed]));
            }
        }
    }
}
