using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Milvus.Model;
using Milvus.Proxy;
using WireSearch = Milvus.Protocol.SearchRequest;

namespace Milvus.Api.Mapping;

/// <summary>
/// Reads searches. Clients send the same bytes again and again but for the vectors and the guarantee timestamp: what the rest was read as is remembered, by
/// these bytes, from the second time on. Vectors stay in the message. Thread-safe; lookups take no lock.
/// </summary>
internal sealed class SearchMessages
{
    private const int MostKeyBytes = 2048;
    private const int MostTemplates = 1024;
    private readonly int[] _seen = new int[4096];
    private readonly ConcurrentDictionary<byte[], Known> _known = new(BytesComparer.Instance);
    private readonly ConcurrentDictionary<byte[], Known>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    public SearchMessages() => _lookup = _known.GetAlternateLookup<ReadOnlySpan<byte>>();

    private sealed record Known(string Database, string Collection, SearchTemplate Template);

    /// <param name="message">Owned by the result from now on.</param>
    /// <exception cref="InvalidProtocolBufferException">The bytes are no such message.</exception>
    public WireSearch Parse(ReadOnlyMemory<byte> message)
    {
        Span<byte> key = stackalloc byte[MostKeyBytes];
        if (!TrySplit(message.Span, ref key, out var vectors, out var guarantee)) return WireSearch.Parser.ParseFrom(message.Span);
        if (_lookup.TryGetValue(key, out var known))
            return new WireSearch
            {
                DbName = known.Database,
                CollectionName = known.Collection,
                PlaceholderGroup = UnsafeByteOperations.UnsafeWrap(message[vectors]),
                GuaranteeTimestamp = guarantee,
                Template = known.Template,
            };
        var search = WireSearch.Parser.ParseFrom(message.Span);
        if (WasSeen(key)) Remember(key, search);
        return search;
    }

    // Filters that differ from request to request are not worth remembering.
    private bool WasSeen(ReadOnlySpan<byte> key)
    {
        var hash = BytesComparer.Instance.GetHashCode(key);
        ref var last = ref _seen[hash & (_seen.Length - 1)];
        if (last == hash) return true;
        last = hash;
        return false;
    }

    private void Remember(ReadOnlySpan<byte> key, WireSearch search)
    {
        SearchTemplate template;
        try
        {
            template = new SearchTemplate(SearchReader.ReadCommon(search));
        }
        catch (MilvusException)
        {
            // Whoever carries the search out says what is wrong with it.
            return;
        }
        if (_known.Count >= MostTemplates) _known.Clear();
        search.Template = (_known[key.ToArray()] = new Known(search.DbName, search.CollectionName, template)).Template;
    }

    /// <summary>Takes vectors and guarantee timestamp out; false when there is not exactly one list of vectors, or the rest is long.</summary>
    private static bool TrySplit(ReadOnlySpan<byte> message, ref Span<byte> key, out Range vectors, out ulong guarantee)
    {
        (vectors, guarantee) = (default, 0);
        var length = 0;
        var found = false;
        var fields = new WireFields(message);
        while (fields.Next())
        {
            switch (fields.Number)
            {
                case WireSearch.PlaceholderGroupFieldNumber when fields.IsDelimited && !found:
                    vectors = fields.Content..fields.End;
                    found = true;
                    break;
                case WireSearch.PlaceholderGroupFieldNumber or WireSearch.IdsFieldNumber:
                    return false;
                case WireSearch.GuaranteeTimestampFieldNumber when fields.IsVarint:
                    guarantee = fields.Number64;
                    break;
                default:
                    var bytes = message[fields.Start..fields.End];
                    if (length + bytes.Length > key.Length) return false;
                    bytes.CopyTo(key[length..]);
                    length += bytes.Length;
                    break;
            }
        }
        key = key[..length];
        return found && !fields.IsMalformed;
    }

    private sealed class BytesComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly BytesComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode([DisallowNull] byte[] bytes) => GetHashCode(bytes.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
