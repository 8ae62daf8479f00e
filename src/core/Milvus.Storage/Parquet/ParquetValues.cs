using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Milvus.Storage.Parquet;

/// <summary>The values of a page or dictionary; which array is used depends on the leaf's type.</summary>
internal sealed class ParquetValues
{
    /// <summary>Booleans (0, 1) and integers.</summary>
    public long[] Integers { get; private init; } = [];

    public float[] Floats { get; private init; } = [];

    public double[] Doubles { get; private init; } = [];

    public ReadOnlyMemory<byte>[] Bytes { get; private init; } = [];

    public int Count => Integers.Length + Floats.Length + Doubles.Length + Bytes.Length;

    /// <exception cref="InvalidDataException">The page is damaged, or encoded in a way that this reader does not know.</exception>
    public static ParquetValues Decode(ParquetNode leaf, ParquetEncoding encoding, ReadOnlyMemory<byte> data, int count, ParquetValues? dictionary) => encoding switch
    {
        ParquetEncoding.Plain => Plain(leaf, data, count),
        ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary =>
            (dictionary ?? throw new InvalidDataException("a page of the Parquet file refers to a dictionary that is not there")).Take(data.Span, count),
        ParquetEncoding.Rle when leaf.Type == ParquetType.Boolean => Booleans(data.Span, count),
        ParquetEncoding.DeltaBinaryPacked when leaf.Type is ParquetType.Int32 or ParquetType.Int64 => new() { Integers = Narrow(leaf, DeltaNumbers.Read(data.Span, count, out _)) },
        ParquetEncoding.DeltaLengthByteArray => new() { Bytes = DeltaLengths(data, count, out _) },
        ParquetEncoding.DeltaByteArray => new() { Bytes = DeltaStrings(data, count) },
        ParquetEncoding.ByteStreamSplit => Plain(leaf, Join(leaf, data.Span, count), count),
        _ => throw new InvalidDataException($"values of type {leaf.Type} encoded as {encoding} are not supported"),
    };

    private static ParquetValues Plain(ParquetNode leaf, ReadOnlyMemory<byte> data, int count)
    {
        var span = data.Span;
        switch (leaf.Type)
        {
            case ParquetType.Boolean:
                var flags = new long[count];
                for (var i = 0; i < count; i++) flags[i] = ParquetBits.Read(span, i, 1);
                return new() { Integers = flags };
            case ParquetType.Int32:
                var narrow = MemoryMarshal.Cast<byte, int>(Exactly(span, count, sizeof(int)));
                var numbers = new long[count];
                for (var i = 0; i < count; i++) numbers[i] = leaf.Meaning == ParquetMeaning.Unsigned ? (uint)narrow[i] : narrow[i];
                return new() { Integers = numbers };
            case ParquetType.Int64:
                return new() { Integers = MemoryMarshal.Cast<byte, long>(Exactly(span, count, sizeof(long))).ToArray() };
            case ParquetType.Float:
                return new() { Floats = MemoryMarshal.Cast<byte, float>(Exactly(span, count, sizeof(float))).ToArray() };
            case ParquetType.Double:
                return new() { Doubles = MemoryMarshal.Cast<byte, double>(Exactly(span, count, sizeof(double))).ToArray() };
            case ParquetType.FixedLenByteArray:
                Exactly(span, count, leaf.Length);
                var equal = new ReadOnlyMemory<byte>[count];
                for (var i = 0; i < count; i++) equal[i] = data.Slice(i * leaf.Length, leaf.Length);
                return new() { Bytes = equal };
            case ParquetType.ByteArray:
                return new() { Bytes = Strings(data, count) };
            default:
                throw new InvalidDataException($"values of type {leaf.Type} are not supported");
        }
    }

    private static ReadOnlySpan<byte> Exactly(ReadOnlySpan<byte> data, int count, int size) =>
        size > 0 && (long)count * size <= data.Length ? data[..(count * size)] : throw Damaged();

    private static ReadOnlyMemory<byte>[] Strings(ReadOnlyMemory<byte> data, int count)
    {
        var values = new ReadOnlyMemory<byte>[count];
        var position = 0;
        for (var i = 0; i < count; i++)
        {
            if (position + 4 > data.Length) throw Damaged();
            var length = BinaryPrimitives.ReadInt32LittleEndian(data.Span[position..]);
            position += 4;
            if (length < 0 || length > data.Length - position) throw Damaged();
            values[i] = data.Slice(position, length);
            position += length;
        }
        return values;
    }

    private ParquetValues Take(ReadOnlySpan<byte> data, int count)
    {
        if (count == 0) return new();
        if (data.IsEmpty) throw Damaged();
        var reader = new RunReader(data[1..], data[0]);
        var indexes = new int[count];
        for (var i = 0; i < count; i++)
        {
            var index = reader.Next();
            if (index >= (uint)Count) throw Damaged();
            indexes[i] = (int)index;
        }
        return new() { Integers = Pick(Integers, indexes), Floats = Pick(Floats, indexes), Doubles = Pick(Doubles, indexes), Bytes = Pick(Bytes, indexes) };
    }

    private static T[] Pick<T>(T[] values, int[] indexes)
    {
        if (values.Length == 0) return [];
        var picked = new T[indexes.Length];
        for (var i = 0; i < picked.Length; i++) picked[i] = values[indexes[i]];
        return picked;
    }

    private static ParquetValues Booleans(ReadOnlySpan<byte> data, int count)
    {
        if (data.Length < 4) throw Damaged();
        var reader = new RunReader(data[4..], 1);
        var flags = new long[count];
        for (var i = 0; i < count; i++) flags[i] = reader.Next();
        return new() { Integers = flags };
    }

    // The arithmetic of 32-bit columns wraps around at 32 bits.
    private static long[] Narrow(ParquetNode leaf, long[] values)
    {
        if (leaf.Type == ParquetType.Int32)
            for (var i = 0; i < values.Length; i++) values[i] = leaf.Meaning == ParquetMeaning.Unsigned ? (uint)values[i] : (int)values[i];
        return values;
    }

    private static ReadOnlyMemory<byte>[] DeltaLengths(ReadOnlyMemory<byte> data, int count, out int end)
    {
        var lengths = DeltaNumbers.Read(data.Span, count, out end);
        var values = new ReadOnlyMemory<byte>[count];
        for (var i = 0; i < count; i++)
        {
            if (lengths[i] < 0 || lengths[i] > data.Length - end) throw Damaged();
            values[i] = data.Slice(end, (int)lengths[i]);
            end += (int)lengths[i];
        }
        return values;
    }

    private static ReadOnlyMemory<byte>[] DeltaStrings(ReadOnlyMemory<byte> data, int count)
    {
        var shared = DeltaNumbers.Read(data.Span, count, out var end);
        var values = DeltaLengths(data[end..], count, out _);
        for (var i = 0; i < count; i++)
        {
            if (shared[i] == 0) continue;
            if (i == 0 || shared[i] < 0 || shared[i] > values[i - 1].Length) throw Damaged();
            values[i] = (byte[])[.. values[i - 1].Span[..(int)shared[i]], .. values[i].Span];
        }
        return values;
    }

    // The first bytes of all values, then the second bytes of all …
    private static byte[] Join(ParquetNode leaf, ReadOnlySpan<byte> data, int count)
    {
        var size = leaf.Type switch
        {
            ParquetType.Int32 or ParquetType.Float => 4,
            ParquetType.Int64 or ParquetType.Double => 8,
            ParquetType.FixedLenByteArray => leaf.Length,
            _ => throw new InvalidDataException($"values of type {leaf.Type} split into streams of bytes are not supported"),
        };
        Exactly(data, count, size);
        var joined = new byte[count * size];
        for (var i = 0; i < count; i++)
            for (var b = 0; b < size; b++) joined[(i * size) + b] = data[(b * count) + i];
        return joined;
    }

    private static InvalidDataException Damaged() => new("a page of the Parquet file is damaged: its values are cut off");
}

/// <summary>Numbers stored as differences in packed blocks (DELTA_BINARY_PACKED).</summary>
internal static class DeltaNumbers
{
    /// <param name="end">The first byte behind the numbers.</param>
    public static long[] Read(ReadOnlySpan<byte> data, int count, out int end)
    {
        var position = 0;
        var blockSize = (long)ReadVarint(data, ref position);
        var miniCount = (long)ReadVarint(data, ref position);
        var total = (long)ReadVarint(data, ref position);
        if (blockSize <= 0 || blockSize > 1 << 20 || miniCount <= 0 || blockSize % miniCount != 0 || total < count) throw Damaged();
        var perMini = (int)(blockSize / miniCount);
        var values = new long[count];
        var value = ReadZigZag(data, ref position);
        if (count > 0) values[0] = value;
        // All of them are read, also those nobody asked for: what stands behind must be found.
        for (long done = 1; done < total;)
        {
            var least = ReadZigZag(data, ref position);
            if (position + miniCount > data.Length) throw Damaged();
            var widths = data.Slice(position, (int)miniCount);
            position += (int)miniCount;
            for (var mini = 0; mini < widths.Length && done < total; mini++)
            {
                if (widths[mini] > 64) throw Damaged();
                var bytes = checked((int)(((long)perMini * widths[mini]) >> 3));
                if (bytes > data.Length - position) throw Damaged();
                var packed = data.Slice(position, bytes);
                for (var i = 0; i < perMini && done < total; i++, done++)
                {
                    value = unchecked(value + least + (long)ParquetBits.ReadLong(packed, i * widths[mini], widths[mini]));
                    if (done < count) values[done] = value;
                }
                position += bytes;
            }
        }
        end = position;
        return values;
    }

    private static long ReadZigZag(ReadOnlySpan<byte> data, ref int position)
    {
        var raw = ReadVarint(data, ref position);
        return (long)(raw >> 1) ^ -(long)(raw & 1);
    }

    private static ulong ReadVarint(ReadOnlySpan<byte> data, ref int position)
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position >= data.Length) throw Damaged();
            var b = data[position++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw Damaged();
    }

    private static InvalidDataException Damaged() => new("a page of the Parquet file is damaged: its differences are cut off");
}
