using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Json;
using Milvus.Expressions.Predicates;
using Milvus.Model;

namespace Milvus.Expressions.Indexes;

/// <summary>
/// INVERTED over whole JSON documents (cast JSON): one key per scalar, made of its path, its type and its value so that one path's values
/// of one type lie together in order. Answers comparisons, ranges and lists at every path below the indexed one.
/// </summary>
internal sealed class DocumentIndex(ScalarIndexSpec spec, int rowCount, TextKeys keys, Postings postings, bool isRounded) : ScalarIndex(spec, rowCount, null)
{
    private const byte BoolTag = 1;
    private const byte NumberTag = 2;
    private const byte TextTag = 3;

    public bool IsRounded => isRounded;

    public TextKeys Keys => keys;

    public override long MemoryBytes => keys.MemoryBytes + postings.MemoryBytes;

    /// <summary>Adds the keys of one document's value at the indexed path.</summary>
    /// <returns>True when a number lost digits.</returns>
    public static bool AddKeys(ref Utf8JsonReader reader, List<byte[]> keys)
    {
        var rounded = false;
        Walk(ref reader, [], keys, ref rounded);
        return rounded;
    }

    internal override IReadOnlyList<ReadOnlyMemory<byte>> Sections() => [default, keys.Groups, keys.Data, .. postings.Sections];

    internal override IndexProbe? Plan(Leaf leaf)
    {
        if (leaf is not JsonLeaf json || leaf.Column.Path is not { } path || path.Steps.Length <= Spec.Path.Length) return null;
        var below = new List<byte>();
        foreach (var step in path.Steps.AsSpan(Spec.Path.Length)) AddStep(below, step.Key);
        foreach (var (cast, tag) in ((JsonCast, byte)[])[(JsonCast.Double, NumberTag), (JsonCast.Text, TextTag), (JsonCast.Bool, BoolTag)])
        {
            if (json.Ask(cast) is not { OfElements: false, Parts: [var part] } query || RangesOf(part, [.. below, 0, tag]) is not { } ranges) continue;
            var ofType = keys.Prefixed([.. below, 0, tag]);
            return new Probe(this, ranges, ofType)
            {
                IsExact = query.IsExact && !(isRounded && tag == NumberTag),
                Rows = Math.Min(RowCount, ranges.Sum(r => postings.Count(r.First, r.Last))),
                Cost = 500 + ranges.Sum(r => postings.Cost(r.First, r.Last) + 300),
            };
        }
        return null;
    }

    private List<(int First, int Last)>? RangesOf(KeyQuery query, byte[] prefix)
    {
        switch (query)
        {
            case JsonNumberRange range:
                var (low, high) = JsonBounds.Of(range, isRounded);
                return low > high ? [] : [(keys.Bound([.. prefix, .. Sortable(low)]), keys.Bound([.. prefix, .. Sortable(high)], after: true))];
            case NumberSet set when prefix[^1] == BoolTag:
                return [.. set.Values.Select(v => One([.. prefix, (byte)v]))];
            case NumberSet set:
                return [.. set.Values.Select(v => One([.. prefix, .. Sortable(v)]))];
            case TextSetQuery set:
                return [.. set.Values.Select(v => One([.. prefix, .. v]))];
            case TextRange { Interval: var interval }:
                var all = keys.Prefixed(prefix);
                var first = interval.Low is { } l ? keys.Bound([.. prefix, .. l], after: !interval.LowInclusive) : all.First;
                var last = interval.High is { } h ? keys.Bound([.. prefix, .. h], after: interval.HighInclusive) : all.Last;
                return [(first, Math.Max(first, last))];
            case TextPattern { Test: Matching.LiteralTest { IsPrefix: true } test }:
                return [keys.Prefixed([.. prefix, .. test.Prefix])];
            default:
                return null;
        }
    }

    private (int First, int Last) One(byte[] key) => (keys.Bound(key), keys.Bound(key, after: true));

    private static byte[] Sortable(long ordered)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, ordered ^ long.MinValue);
        return bytes;
    }

    /// <summary>Keys may hold any byte: their length goes first, so that no path is the beginning of another.</summary>
    private static void AddStep(List<byte> path, ReadOnlySpan<byte> key)
    {
        Span<byte> length = stackalloc byte[sizeof(ushort) + 1];
        length[0] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(length[1..], (ushort)key.Length);
        path.AddRange(length);
        path.AddRange(key);
    }

    private static void Walk(ref Utf8JsonReader reader, List<byte> path, List<byte[]> keys, ref bool rounded)
    {
        var length = path.Count;
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var seen = new HashSet<string>(StringComparer.Ordinal);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var name = reader.GetString()!;
                    reader.Read();
                    // Where a key repeats, paths lead to the first.
                    if (!seen.Add(name))
                    {
                        reader.Skip();
                        continue;
                    }
                    AddStep(path, Encoding.UTF8.GetBytes(name));
                    Walk(ref reader, path, keys, ref rounded);
                    path.RemoveRange(length, path.Count - length);
                }
                break;
            case JsonTokenType.StartArray:
                for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
                {
                    AddStep(path, Encoding.UTF8.GetBytes(i.ToString(System.Globalization.CultureInfo.InvariantCulture)));
                    Walk(ref reader, path, keys, ref rounded);
                    path.RemoveRange(length, path.Count - length);
                }
                break;
            case JsonTokenType.True or JsonTokenType.False:
                keys.Add([.. path, 0, BoolTag, (byte)(reader.TokenType == JsonTokenType.True ? 1 : 0)]);
                break;
            case JsonTokenType.String:
                keys.Add([.. path, 0, TextTag, .. Encoding.UTF8.GetBytes(reader.GetString()!)]);
                break;
            case JsonTokenType.Number:
                var number = JsonNumber.Read(ref reader);
                rounded |= new JsonNumber(number.Double).CompareTo(number) != 0;
                keys.Add([.. path, 0, NumberTag, .. Sortable(OrderedDouble.Of(number.Double))]);
                break;
        }
    }

    private sealed class Probe(DocumentIndex index, List<(int First, int Last)> ranges, (int First, int Last) ofType) : IndexProbe(index)
    {
        private ulong[]? _known;

        /// <summary>Rows with a value of the compared type at the path.</summary>
        public override ulong[] Known
        {
            get
            {
                if (_known is null)
                {
                    _known = new ulong[Validity.WordCount(index.RowCount)];
                    index.Postings.Mark(ofType.First, ofType.Last, _known);
                }
                return _known;
            }
        }

        public override void Mark(Span<ulong> rows)
        {
            foreach (var (first, last) in ranges) index.Postings.Mark(first, last, rows);
        }
    }

    private Postings Postings => postings;
}
