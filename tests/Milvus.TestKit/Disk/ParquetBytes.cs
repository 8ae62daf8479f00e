using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Milvus.TestKit.Disk;

/// <summary>A column of a file made by <see cref="ParquetBytes"/>.</summary>
/// <param name="Type">Physical type: 0 boolean, 1 int32, 2 int64, 4 float, 5 double, 6 bytes.</param>
/// <param name="Rows">A value, null, or for lists an array of values, per row.</param>
/// <param name="IsList">Lists of required elements, three levels deep.</param>
public sealed record ParquetTestColumn(string Name, int Type, object?[] Rows, bool IsList = false, bool IsOptional = true);

/// <summary>How a file made by <see cref="ParquetBytes"/> is laid out.</summary>
/// <param name="Codec">0 none, 1 snappy (literals only), 2 gzip, 4 brotli, 7 raw lz4.</param>
/// <param name="Encodings">Of values without a dictionary: 0 plain; 1 differences of integers and of lengths; 2 common prefixes of bytes. Both split numbers into streams of bytes.</param>
public sealed record ParquetTestLayout(int Codec = 0, bool Version2 = false, bool Dictionary = false, int PageEntries = 1000, int GroupRows = 1000, int Encodings = 0);

/// <summary>Writes Parquet files for tests, after the format's description.</summary>
public static class ParquetBytes
{
    public static byte[] Write(ParquetTestLayout layout, params ParquetTestColumn[] columns)
    {
        var file = new MemoryStream();
        file.Write("PAR1"u8);
        var total = columns[0].Rows.Length;
        var groups = new List<(int Rows, List<(int Codec, int Values, long Data, long Dictionary, long Length)> Chunks)>();
        for (var start = 0; start < total; start += layout.GroupRows)
        {
            var rows = Math.Min(layout.GroupRows, total - start);
            groups.Add((rows, [.. columns.Select(c => Chunk(file, layout, c, c.Rows.AsSpan(start, rows).ToArray()))]));
        }
        var footer = Footer(columns, total, groups);
        file.Write(footer);
        Span<byte> tail = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(tail, footer.Length);
        file.Write(tail);
        file.Write("PAR1"u8);
        return file.ToArray();
    }

    private static (int, int, long, long, long) Chunk(MemoryStream file, ParquetTestLayout layout, ParquetTestColumn column, object?[] rows)
    {
        var (maxDefinition, maxRepetition) = Levels(column);
        var entries = new List<(int Repetition, int Definition, object? Value)>();
        foreach (var row in rows)
        {
            var there = column.IsOptional ? 1 : 0;
            if (row is null) entries.Add((0, 0, null));
            else if (!column.IsList) entries.Add((0, maxDefinition, row));
            else if (row is Array { Length: 0 }) entries.Add((0, there, null));
            else
                for (var i = 0; i < ((Array)row).Length; i++) entries.Add((i == 0 ? 0 : 1, maxDefinition, ((Array)row).GetValue(i)));
        }
        var begin = file.Position;
        var distinct = layout.Dictionary && column.Type != 0 ? entries.Where(e => e.Value is not null).Select(e => e.Value!).Distinct().ToList() : null;
        long dictionary = 0;
        if (distinct is not null)
        {
            dictionary = file.Position;
            var plain = Plain(column.Type, distinct);
            var packed = Pack(layout.Codec, plain);
            file.Write(new Compact().I32(1, 2).I32(2, plain.Length).I32(3, packed.Length).Struct(7, new Compact().I32(1, distinct.Count).I32(2, 0)).End());
            file.Write(packed);
        }
        var data = file.Position;
        for (var at = 0; at < entries.Count; at += layout.PageEntries)
        {
            var page = entries.Skip(at).Take(layout.PageEntries).ToList();
            var present = page.Where(e => e.Definition == maxDefinition).Select(e => e.Value!).ToList();
            var (encoding, values) = distinct is null ? Encode(layout.Encodings, column.Type, present) : (8, Indexes(present.ConvertAll(v => distinct.IndexOf(v)), distinct.Count));
            var repetitions = maxRepetition == 0 ? [] : Runs(page.ConvertAll(e => e.Repetition), 1);
            var definitions = maxDefinition == 0 ? [] : Runs(page.ConvertAll(e => e.Definition), maxDefinition == 1 ? 1 : 2);
            if (layout.Version2)
            {
                var packed = Pack(layout.Codec, values);
                var levels = repetitions.Length + definitions.Length;
                file.Write(new Compact().I32(1, 3).I32(2, levels + values.Length).I32(3, levels + packed.Length).Struct(8, new Compact()
                    .I32(1, page.Count).I32(2, page.Count - present.Count).I32(3, page.Count(e => e.Repetition == 0)).I32(4, encoding).I32(5, definitions.Length).I32(6, repetitions.Length)).End());
                file.Write(repetitions);
                file.Write(definitions);
                file.Write(packed);
                continue;
            }
            byte[] body = [.. maxRepetition == 0 ? [] : Prefixed(repetitions), .. maxDefinition == 0 ? [] : Prefixed(definitions), .. values];
            var whole = Pack(layout.Codec, body);
            file.Write(new Compact().I32(1, 0).I32(2, body.Length).I32(3, whole.Length).Struct(5, new Compact().I32(1, page.Count).I32(2, encoding).I32(3, 3).I32(4, 3)).End());
            file.Write(whole);
        }
        return (layout.Codec, entries.Count, data, dictionary, file.Position - begin);
    }

    private static (int Definition, int Repetition) Levels(ParquetTestColumn column) => ((column.IsOptional ? 1 : 0) + (column.IsList ? 1 : 0), column.IsList ? 1 : 0);

    private static byte[] Footer(ParquetTestColumn[] columns, int rows, List<(int Rows, List<(int Codec, int Values, long Data, long Dictionary, long Length)> Chunks)> groups)
    {
        var schema = new List<Compact> { new Compact().Text(4, "schema").I32(5, columns.Length) };
        foreach (var column in columns)
        {
            var repetition = column.IsOptional ? 1 : 0;
            if (!column.IsList)
            {
                schema.Add(new Compact().I32(1, column.Type).I32(3, repetition).Text(4, column.Name));
                continue;
            }
            schema.Add(new Compact().I32(3, repetition).Text(4, column.Name).I32(5, 1).I32(6, 3));
            schema.Add(new Compact().I32(3, 2).Text(4, "list").I32(5, 1));
            schema.Add(new Compact().I32(1, column.Type).I32(3, 0).Text(4, "element"));
        }
        var list = groups.ConvertAll(g => new Compact()
            .List(1, [.. g.Chunks.Select((c, i) =>
            {
                var meta = new Compact().I32(1, columns[i].Type).I32(4, c.Codec).I64(5, c.Values).I64(7, c.Length).I64(9, c.Data);
                if (c.Dictionary > 0) meta.I64(11, c.Dictionary);
                return new Compact().I64(2, c.Data).Struct(3, meta);
            })])
            .I64(2, 0).I64(3, g.Rows));
        return new Compact().I32(1, 1).List(2, schema).I64(3, rows).List(4, list).End();
    }

    private static (int Encoding, byte[] Values) Encode(int encodings, int type, List<object> values) => (encodings, type) switch
    {
        (1, 1 or 2) => (5, ParquetEncoders.Deltas([.. values.Select(v => Convert.ToInt64(v, null))])),
        (1, 6) => (6, ParquetEncoders.Lengths(values.ConvertAll(ParquetEncoders.Text))),
        (2, 6) => (7, ParquetEncoders.Prefixes(values.ConvertAll(ParquetEncoders.Text))),
        (1 or 2, 1 or 4) => (9, ParquetEncoders.Split(Plain(type, values), 4)),
        (1 or 2, 2 or 5) => (9, ParquetEncoders.Split(Plain(type, values), 8)),
        _ => (0, Plain(type, values)),
    };

    private static byte[] Plain(int type, List<object> values)
    {
        var bytes = new MemoryStream();
        if (type == 0)
        {
            var bits = new byte[(values.Count + 7) / 8];
            for (var i = 0; i < values.Count; i++)
                if ((bool)values[i]) bits[i / 8] |= (byte)(1 << (i % 8));
            return bits;
        }
        foreach (var value in values)
        {
            bytes.Write(type switch
            {
                1 => BitConverter.GetBytes(Convert.ToInt32(value, null)),
                2 => BitConverter.GetBytes(Convert.ToInt64(value, null)),
                4 => BitConverter.GetBytes(Convert.ToSingle(value, null)),
                5 => BitConverter.GetBytes(Convert.ToDouble(value, null)),
                _ => Prefixed(ParquetEncoders.Text(value)),
            });
        }
        return bytes.ToArray();
    }

    private static byte[] Prefixed(byte[] bytes) => [.. BitConverter.GetBytes(bytes.Length), .. bytes];

    // Each run of equal levels as a run.
    private static byte[] Runs(List<int> levels, int bits)
    {
        var bytes = new MemoryStream();
        for (var i = 0; i < levels.Count;)
        {
            var end = i;
            while (end < levels.Count && levels[end] == levels[i]) end++;
            Varint(bytes, (ulong)(end - i) << 1);
            for (var b = 0; b < (bits + 7) / 8; b++) bytes.WriteByte((byte)(levels[i] >> (8 * b)));
            i = end;
        }
        return bytes.ToArray();
    }

    // All of them as packed bits.
    private static byte[] Indexes(List<int> indexes, int distinct)
    {
        var bits = 1;
        while (1 << bits < distinct) bits++;
        var groups = (indexes.Count + 7) / 8;
        var bytes = new MemoryStream();
        bytes.WriteByte((byte)bits);
        if (groups == 0) return bytes.ToArray();
        Varint(bytes, ((ulong)groups << 1) | 1);
        var packed = new byte[groups * bits];
        for (var i = 0; i < indexes.Count; i++)
            for (var b = 0; b < bits; b++)
                if ((indexes[i] >> b & 1) != 0) packed[((i * bits) + b) / 8] |= (byte)(1 << (((i * bits) + b) % 8));
        bytes.Write(packed);
        return bytes.ToArray();
    }

    private static byte[] Pack(int codec, byte[] bytes)
    {
        var target = new MemoryStream();
        switch (codec)
        {
            case 1:
                Varint(target, (ulong)bytes.Length);
                for (var at = 0; at < bytes.Length; at += 60)
                {
                    var length = Math.Min(60, bytes.Length - at);
                    target.WriteByte((byte)((length - 1) << 2));
                    target.Write(bytes, at, length);
                }
                return target.ToArray();
            case 2:
                using (var gzip = new GZipStream(target, CompressionLevel.Fastest)) gzip.Write(bytes);
                return target.ToArray();
            case 4:
                using (var brotli = new BrotliStream(target, CompressionLevel.Fastest)) brotli.Write(bytes);
                return target.ToArray();
            case 7:
                return ParquetEncoders.Lz4(bytes);
            default:
                return bytes;
        }
    }

    internal static void Varint(Stream target, ulong value)
    {
        for (; value >= 0x80; value >>= 7) target.WriteByte((byte)(value | 0x80));
        target.WriteByte((byte)value);
    }

    /// <summary>A struct in Thrift's compact protocol.</summary>
    private sealed class Compact
    {
        private readonly MemoryStream _bytes = new();
        private int _last;

        public Compact I32(int id, int value) => I64(id, value, 5);

        public Compact I64(int id, long value) => I64(id, value, 6);

        public Compact Text(int id, string text)
        {
            Header(id, 8);
            var bytes = Encoding.UTF8.GetBytes(text);
            Varint(_bytes, (ulong)bytes.Length);
            _bytes.Write(bytes);
            return this;
        }

        public Compact Struct(int id, Compact value)
        {
            Header(id, 12);
            _bytes.Write(value.End());
            return this;
        }

        public Compact List(int id, List<Compact> values)
        {
            Header(id, 9);
            if (values.Count < 15) _bytes.WriteByte((byte)((values.Count << 4) | 12));
            else
            {
                _bytes.WriteByte(0xFC);
                Varint(_bytes, (ulong)values.Count);
            }
            foreach (var value in values) _bytes.Write(value.End());
            return this;
        }

        public byte[] End() => [.. _bytes.ToArray(), 0];

        private Compact I64(int id, long value, int type)
        {
            Header(id, type);
            Varint(_bytes, (ulong)((value << 1) ^ (value >> 63)));
            return this;
        }

        private void Header(int id, int type)
        {
            _bytes.WriteByte((byte)(((id - _last) << 4) | type));
            _last = id;
        }
    }
}

/// <summary>Writes .npy files for tests.</summary>
public static class NpyBytes
{
    public static byte[] Write(string type, string shape, ReadOnlySpan<byte> data)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}";
        header = header.PadRight(((header.Length + 11 + 63) / 64 * 64) - 11) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. Encoding.ASCII.GetBytes(header), .. data];
    }
}
