using System.Buffers.Binary;
using Milvus.Storage.Objects;

namespace Milvus.Storage.Parquet;

/// <summary>Reads the footer of a Parquet file and the headers of its pages.</summary>
internal static class ParquetMetadataReader
{
    private const int TailBytes = 8;
    private const int MaxFooterBytes = 256 << 20;
    private const int MaxDepth = 32;
    private static ReadOnlySpan<byte> Magic => "PAR1"u8;

    /// <exception cref="InvalidDataException">Not a Parquet file, or one that this reader does not understand.</exception>
    public static async Task<ParquetMetadata> ReadAsync(IObjectStore store, string key, long length, CancellationToken cancellation)
    {
        if (length < TailBytes + Magic.Length) throw new InvalidDataException("the file is too short for a Parquet file");
        var tail = await ReadAsync(store, key, length - TailBytes, TailBytes, cancellation).ConfigureAwait(false);
        if (!tail.AsSpan(4).SequenceEqual(Magic)) throw new InvalidDataException("the file is not a Parquet file, or its footer is encrypted");
        var bytes = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (bytes <= 0 || bytes > MaxFooterBytes || bytes > length - TailBytes - Magic.Length) throw new InvalidDataException($"the Parquet footer claims {bytes} bytes");
        var footer = await ReadAsync(store, key, length - TailBytes - bytes, bytes, cancellation).ConfigureAwait(false);
        return Parse(footer, length);
    }

    public static ParquetPageHeader ReadPageHeader(ReadOnlySpan<byte> data)
    {
        var reader = new CompactReader(data);
        var page = default(ParquetPageHeader) with { IsCompressed = true };
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id)
            {
                case 1: page = page with { Kind = (ParquetPageKind)reader.ReadInt32() }; break;
                case 2: page = page with { Uncompressed = reader.ReadInt32() }; break;
                case 3: page = page with { Compressed = reader.ReadInt32() }; break;
                case 5 or 7: page = ReadVersion1(ref reader, page); break;
                case 8: page = ReadVersion2(ref reader, page); break;
                default: reader.Skip(type); break;
            }
        }
        if (page.Uncompressed < 0 || page.Compressed < 0 || page.Values < 0 || page.DefinitionBytes < 0 || page.RepetitionBytes < 0) throw new InvalidDataException("malformed Parquet page header");
        return page with { HeaderBytes = reader.Position };
    }

    private static ParquetPageHeader ReadVersion1(ref CompactReader reader, ParquetPageHeader page)
    {
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id)
            {
                case 1: page = page with { Values = reader.ReadInt32() }; break;
                case 2: page = page with { Encoding = (ParquetEncoding)reader.ReadInt32() }; break;
                default: reader.Skip(type); break;
            }
        }
        return page;
    }

    private static ParquetPageHeader ReadVersion2(ref CompactReader reader, ParquetPageHeader page)
    {
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id)
            {
                case 1: page = page with { Values = reader.ReadInt32() }; break;
                case 4: page = page with { Encoding = (ParquetEncoding)reader.ReadInt32() }; break;
                case 5: page = page with { DefinitionBytes = reader.ReadInt32() }; break;
                case 6: page = page with { RepetitionBytes = reader.ReadInt32() }; break;
                case 7: page = page with { IsCompressed = type == CompactType.True }; break;
                default: reader.Skip(type); break;
            }
        }
        return page;
    }

    private static ParquetMetadata Parse(byte[] footer, long fileLength)
    {
        var reader = new CompactReader(footer);
        List<(ParquetNode Node, int Children)> elements = [];
        List<ParquetRowGroup> groups = [];
        long rows = 0;
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id)
            {
                case 2:
                    for (var n = reader.ReadListHeader(out _); n > 0; n--) elements.Add(ReadElement(ref reader));
                    break;
                case 3:
                    rows = reader.ReadInt64();
                    break;
                case 4:
                    for (var n = reader.ReadListHeader(out _); n > 0; n--) groups.Add(ReadRowGroup(ref reader));
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
        if (elements.Count == 0) throw new InvalidDataException("the Parquet file has no schema");
        var next = 0;
        var leaves = new List<ParquetNode>();
        var root = Build(elements, ref next, leaves, 0, 0, 0);
        foreach (var group in groups)
        {
            if (group.Chunks.Length != leaves.Count) throw new InvalidDataException($"a row group of the Parquet file has {group.Chunks.Length} columns instead of {leaves.Count}");
            foreach (var chunk in group.Chunks)
                if (chunk.Offset < 0 || chunk.Length < 0 || chunk.Offset > fileLength - chunk.Length) throw new InvalidDataException("a column chunk reaches beyond the Parquet file");
        }
        return new ParquetMetadata(root, [.. leaves], [.. groups], rows);
    }

    private static ParquetNode Build(List<(ParquetNode Node, int Children)> elements, ref int next, List<ParquetNode> leaves, int definition, int repetition, int depth)
    {
        if (next >= elements.Count || depth > MaxDepth) throw new InvalidDataException("malformed Parquet schema");
        var (node, children) = elements[next++];
        if (depth > 0 && node.Repetition != ParquetRepetition.Required) definition++;
        if (depth > 0 && node.Repetition == ParquetRepetition.Repeated) repetition++;
        node.Definition = definition;
        node.RepetitionLevel = repetition;
        if (children == 0 && depth > 0)
        {
            node.Leaf = leaves.Count;
            leaves.Add(node);
            return node;
        }
        if (children < 0 || children > elements.Count) throw new InvalidDataException("malformed Parquet schema");
        node.Children = new ParquetNode[children];
        for (var i = 0; i < children; i++) node.Children[i] = Build(elements, ref next, leaves, definition, repetition, depth + 1);
        return node;
    }

    private static (ParquetNode Node, int Children) ReadElement(ref CompactReader reader)
    {
        var (type, length, repetition, children, name, meaning) = (ParquetType.Boolean, 0, ParquetRepetition.Required, 0, "", ParquetMeaning.None);
        short id = 0;
        while (reader.NextField(ref id, out var field))
        {
            switch (id)
            {
                case 1: type = (ParquetType)reader.ReadInt32(); break;
                case 2: length = reader.ReadInt32(); break;
                case 3: repetition = (ParquetRepetition)reader.ReadInt32(); break;
                case 4: name = reader.ReadText(); break;
                case 5: children = reader.ReadInt32(); break;
                case 6: meaning = Converted(reader.ReadInt32(), meaning); break;
                case 10: meaning = ReadLogical(ref reader, meaning); break;
                default: reader.Skip(field); break;
            }
        }
        return (new ParquetNode { Name = name, Repetition = repetition, Type = type, Meaning = meaning, Length = length }, children);
    }

    private static ParquetMeaning Converted(int type, ParquetMeaning known) => type switch
    {
        1 or 2 or 3 => ParquetMeaning.List,
        9 => ParquetMeaning.Milliseconds,
        10 => ParquetMeaning.Microseconds,
        11 or 12 or 13 or 14 => ParquetMeaning.Unsigned,
        _ => known,
    };

    private static ParquetMeaning ReadLogical(ref CompactReader reader, ParquetMeaning known)
    {
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id)
            {
                case 2 or 3:
                    known = ParquetMeaning.List;
                    reader.Skip(type);
                    break;
                case 8:
                    known = ReadTimestamp(ref reader);
                    break;
                case 10:
                    if (!ReadIsSigned(ref reader)) known = ParquetMeaning.Unsigned;
                    break;
                case 15:
                    known = ParquetMeaning.Half;
                    reader.Skip(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
        return known;
    }

    private static ParquetMeaning ReadTimestamp(ref CompactReader reader)
    {
        var unit = ParquetMeaning.Microseconds;
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            if (id != 2)
            {
                reader.Skip(type);
                continue;
            }
            short which = 0;
            while (reader.NextField(ref which, out var inner))
            {
                unit = which switch { 1 => ParquetMeaning.Milliseconds, 3 => ParquetMeaning.Nanoseconds, _ => ParquetMeaning.Microseconds };
                reader.Skip(inner);
            }
        }
        return unit;
    }

    private static bool ReadIsSigned(ref CompactReader reader)
    {
        var signed = true;
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            if (id == 2) signed = type == CompactType.True;
            reader.Skip(type);
        }
        return signed;
    }

    private static ParquetRowGroup ReadRowGroup(ref CompactReader reader)
    {
        var chunks = new List<ParquetChunk>();
        long rows = 0;
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id)
            {
                case 1:
                    for (var n = reader.ReadListHeader(out _); n > 0; n--) chunks.Add(ReadChunk(ref reader));
                    break;
                case 3:
                    rows = reader.ReadInt64();
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
        return new ParquetRowGroup(rows, [.. chunks]);
    }

    private static ParquetChunk ReadChunk(ref CompactReader reader)
    {
        ParquetChunk? chunk = null;
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            if (id == 3) chunk = ReadChunkMetadata(ref reader);
            else if (id == 1) throw new InvalidDataException("the Parquet file keeps columns in other files");
            else reader.Skip(type);
        }
        return chunk ?? throw new InvalidDataException("a column of the Parquet file has no metadata, it may be encrypted");
    }

    private static ParquetChunk ReadChunkMetadata(ref CompactReader reader)
    {
        var codec = ParquetCodec.Uncompressed;
        long values = 0, length = 0, data = 0, dictionary = 0;
        short id = 0;
        while (reader.NextField(ref id, out var type))
        {
            switch (id)
            {
                case 4: codec = (ParquetCodec)reader.ReadInt32(); break;
                case 5: values = reader.ReadInt64(); break;
                case 7: length = reader.ReadInt64(); break;
                case 9: data = reader.ReadInt64(); break;
                case 11: dictionary = reader.ReadInt64(); break;
                default: reader.Skip(type); break;
            }
        }
        return new ParquetChunk(codec, dictionary > 0 && dictionary < data ? dictionary : data, length, values);
    }

    private static async Task<byte[]> ReadAsync(IObjectStore store, string key, long offset, int length, CancellationToken cancellation)
    {
        var bytes = new byte[length];
        await using var stream = await store.OpenReadAsync(key, offset, length, cancellation).ConfigureAwait(false);
        try
        {
            await stream.ReadExactlyAsync(bytes, cancellation).ConfigureAwait(false);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("the Parquet file ends too early", e);
        }
        return bytes;
    }
}
