using System.Buffers.Binary;
using Milvus.Storage.Objects;

namespace Milvus.Storage.Parquet;

/// <summary>
/// Walks through the entries of one leaf in one row group: a pair of levels each, and a value where one is there. Holds the pages of the
/// current row only. Not thread-safe.
/// </summary>
internal sealed class ParquetLeafReader : IAsyncDisposable
{
    private const int MaxPageBytes = 256 << 20;
    private const int MaxPageValues = 1 << 24;
    private const int ReadAheadBytes = 256 << 10;

    /// <summary>Statistics are in it, so it may hold a few values; more is no header.</summary>
    private const int MaxHeaderBytes = 16 << 20;

    private readonly ParquetNode _leaf;
    private readonly ParquetChunk _chunk;
    private readonly Stream _stream;
    private readonly Queue<Page> _ahead = new();
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private long _entriesLeft;
    private ParquetValues? _dictionary;
    private Page _page = Page.Empty;
    private int _entry;
    private int _value;

    private ParquetLeafReader(ParquetNode leaf, ParquetChunk chunk, Stream stream)
    {
        _leaf = leaf;
        _chunk = chunk;
        _stream = stream;
        _entriesLeft = chunk.Values;
    }

    /// <summary>True when there is a current entry.</summary>
    public bool HasEntry => _entry < _page.Count;

    public int Definition => _page.Definitions is { } levels ? levels[_entry] : _leaf.Definition;

    public int Repetition => _page.Repetitions is { } levels ? levels[_entry] : 0;

    public long Integer => _page.Values.Integers[_value];

    public float Float => _page.Values.Floats[_value];

    public double Double => _page.Values.Doubles[_value];

    public ReadOnlySpan<byte> Bytes => _page.Values.Bytes[_value].Span;

    public static async Task<ParquetLeafReader> OpenAsync(IObjectStore store, string key, ParquetNode leaf, ParquetChunk chunk, CancellationToken cancellation) =>
        new(leaf, chunk, await store.OpenReadAsync(key, chunk.Offset, chunk.Length, cancellation).ConfigureAwait(false));

    /// <summary>Makes sure that all entries of the row that begins here are at hand.</summary>
    /// <exception cref="InvalidDataException">The chunk is damaged or ends too early.</exception>
    public ValueTask PrepareRowAsync(CancellationToken cancellation) => IsRowWhole() ? ValueTask.CompletedTask : FetchRowAsync(cancellation);

    /// <summary>To the next entry.</summary>
    public void Advance()
    {
        if (Definition == _leaf.Definition) _value++;
        _entry++;
        if (_entry >= _page.Count && _ahead.TryDequeue(out var next)) (_page, _entry, _value) = (next, 0, 0);
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private bool IsRowWhole()
    {
        if (!HasEntry) return false;
        if (_leaf.RepetitionLevel == 0 || (_entriesLeft == 0 && _ahead.Count == 0) || _page.LastRowStart > _entry) return true;
        if (_entriesLeft == 0) return true;
        foreach (var page in _ahead)
            if (page.LastRowStart >= 0) return true;
        return false;
    }

    private async ValueTask FetchRowAsync(CancellationToken cancellation)
    {
        while (!IsRowWhole())
        {
            if (_entriesLeft <= 0) throw new InvalidDataException($"column '{_leaf.Name}' of the Parquet file has fewer rows than the others");
            if (await ReadPageAsync(cancellation).ConfigureAwait(false) is not { } page) continue;
            if (HasEntry) _ahead.Enqueue(page);
            else (_page, _entry, _value) = (page, 0, 0);
        }
    }

    // Null for a page without entries, such as a dictionary.
    private async ValueTask<Page?> ReadPageAsync(CancellationToken cancellation)
    {
        var header = await ReadHeaderAsync(cancellation).ConfigureAwait(false);
        if (header.Compressed > MaxPageBytes || header.Uncompressed > MaxPageBytes || header.Values > MaxPageValues) throw new InvalidDataException("a page of the Parquet file is too large");
        while (_end - _start < header.Compressed)
            if (!await FillAsync(header.Compressed, cancellation).ConfigureAwait(false)) throw new InvalidDataException("the Parquet file ends within a page");
        var raw = _buffer.AsSpan(_start, header.Compressed);
        _start += header.Compressed;
        switch (header.Kind)
        {
            case ParquetPageKind.Dictionary:
                _dictionary = ParquetValues.Decode(_leaf, ParquetEncoding.Plain, ParquetCompression.Unpack(_chunk.Codec, raw, header.Uncompressed), header.Values, null);
                return null;
            case ParquetPageKind.Data:
                _entriesLeft -= header.Values;
                return ReadVersion1(header, ParquetCompression.Unpack(_chunk.Codec, raw, header.Uncompressed));
            case ParquetPageKind.DataV2:
                _entriesLeft -= header.Values;
                return ReadVersion2(header, raw);
            default:
                return null;
        }
    }

    private Page ReadVersion1(ParquetPageHeader header, ReadOnlyMemory<byte> data)
    {
        var position = 0;
        var repetitions = _leaf.RepetitionLevel == 0 ? null : Levels(Prefixed(data.Span, ref position), header.Values, _leaf.RepetitionLevel);
        var definitions = _leaf.Definition == 0 ? null : Levels(Prefixed(data.Span, ref position), header.Values, _leaf.Definition);
        return Decode(header, repetitions, definitions, data[position..]);
    }

    private Page ReadVersion2(ParquetPageHeader header, ReadOnlySpan<byte> raw)
    {
        var levels = header.RepetitionBytes + header.DefinitionBytes;
        if (levels > raw.Length || levels > header.Uncompressed) throw new InvalidDataException("a page of the Parquet file is damaged");
        var repetitions = _leaf.RepetitionLevel == 0 ? null : Levels(raw[..header.RepetitionBytes], header.Values, _leaf.RepetitionLevel);
        var definitions = _leaf.Definition == 0 ? null : Levels(raw[header.RepetitionBytes..levels], header.Values, _leaf.Definition);
        var packed = raw[levels..];
        var values = header.IsCompressed && !packed.IsEmpty ? ParquetCompression.Unpack(_chunk.Codec, packed, header.Uncompressed - levels) : packed.ToArray();
        return Decode(header, repetitions, definitions, values);
    }

    private Page Decode(ParquetPageHeader header, byte[]? repetitions, byte[]? definitions, ReadOnlyMemory<byte> data)
    {
        var present = header.Values;
        if (definitions is not null)
        {
            present = 0;
            foreach (var level in definitions)
                if (level == _leaf.Definition) present++;
        }
        var values = ParquetValues.Decode(_leaf, header.Encoding, data, present, _dictionary);
        return new Page(header.Values, repetitions, definitions, values, repetitions is null ? header.Values - 1 : Array.LastIndexOf(repetitions, (byte)0));
    }

    private static ReadOnlySpan<byte> Prefixed(ReadOnlySpan<byte> data, ref int position)
    {
        if (position + 4 > data.Length) throw new InvalidDataException("a page of the Parquet file is damaged");
        var length = BinaryPrimitives.ReadInt32LittleEndian(data[position..]);
        position += 4;
        if (length < 0 || length > data.Length - position) throw new InvalidDataException("a page of the Parquet file is damaged");
        position += length;
        return data.Slice(position - length, length);
    }

    private static byte[] Levels(ReadOnlySpan<byte> data, int count, int largest)
    {
        var levels = new byte[count];
        var reader = new RunReader(data, ParquetBits.WidthOf(largest));
        for (var i = 0; i < count; i++)
        {
            var level = reader.Next();
            if (level > (uint)largest) throw new InvalidDataException("a page of the Parquet file is damaged: a level is too large");
            levels[i] = (byte)level;
        }
        return levels;
    }

    private async ValueTask<ParquetPageHeader> ReadHeaderAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                var header = ParquetMetadataReader.ReadPageHeader(_buffer.AsSpan(_start, _end - _start));
                _start += header.HeaderBytes;
                return header;
            }
            catch (InvalidDataException) when (_end - _start <= MaxHeaderBytes)
            {
                // Its length is not known beforehand: cut off as long as there is more to read.
                if (!await FillAsync(_end - _start + 1, cancellation).ConfigureAwait(false)) throw;
            }
        }
    }

    // Reads more of the chunk behind what is there; false at its end.
    private async ValueTask<bool> FillAsync(int wanted, CancellationToken cancellation)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_buffer.Length < Math.Max(wanted, _end + 1)) Array.Resize(ref _buffer, Math.Max(wanted, _end) + ReadAheadBytes);
        var read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellation).ConfigureAwait(false);
        _end += read;
        return read > 0;
    }

    private sealed record Page(int Count, byte[]? Repetitions, byte[]? Definitions, ParquetValues Values, int LastRowStart)
    {
        public static readonly Page Empty = new(0, null, null, new ParquetValues(), -1);
    }
}
