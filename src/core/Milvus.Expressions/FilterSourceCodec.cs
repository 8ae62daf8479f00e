using System.Buffers;
using System.Collections.Immutable;
using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>
/// The binary form of <see cref="FilterSource"/>, little-endian; equal sources have equal bytes. First byte: the format's version, frozen
/// per version. Checksums belong to what carries the bytes.
/// </summary>
public static class FilterSourceCodec
{
    private const byte Version = 1;

    /// <summary>Lists within lists that a literal may have; far more than any expression can compare.</summary>
    private const int MaxDepth = 64;

    public static ReadOnlyMemory<byte> Encode(FilterSource source)
    {
        var output = new ArrayBufferWriter<byte>(64 + source.Expression.Length);
        Write(output, source);
        return output.WrittenMemory;
    }

    /// <param name="name">Named by the error: where the bytes came from.</param>
    /// <exception cref="IntegrityException">The bytes are not a filter source of a known version.</exception>
    public static FilterSource Decode(ReadOnlyMemory<byte> bytes, string name = "filter")
    {
        var input = new ColumnReader(bytes, name);
        var source = Read(ref input);
        return input.AtEnd ? source : throw input.Damaged("bytes after the end of the filter");
    }

    /// <summary>Appends the source to a larger message.</summary>
    public static void Write(IBufferWriter<byte> output, FilterSource source)
    {
        ColumnCodec.WriteByte(output, Version);
        ColumnCodec.WriteByte(output, (byte)source.Use);
        ColumnCodec.WriteInt64(output, source.SampleSeed);
        ColumnCodec.WriteText(output, source.TimeZone);
        ColumnCodec.WriteText(output, source.Expression);
        ColumnCodec.WriteInt32(output, source.Templates.Count);
        foreach (var (name, value) in source.Templates.OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            ColumnCodec.WriteText(output, name);
            Write(output, value, 0);
        }
    }

    /// <summary>Reads a source inside a larger message.</summary>
    /// <exception cref="IntegrityException">The bytes are not a filter source of a known version.</exception>
    public static FilterSource Read(ref ColumnReader input)
    {
        var version = input.ReadByte();
        if (version != Version) throw input.Damaged($"filter version {version} is not known to this server");
        var use = input.ReadByte();
        if (use > (byte)FilterUse.Delete) throw input.Damaged($"a filter for use {use}");
        var seed = input.ReadInt64();
        var timeZone = input.ReadText();
        var expression = input.ReadText();
        var templates = ImmutableDictionary.CreateBuilder<string, Literal>();
        for (int i = 0, n = input.ReadCount(itemBytes: 5); i < n; i++)
        {
            var name = input.ReadText();
            if (!templates.TryAdd(name, ReadLiteral(ref input, 0))) throw input.Damaged($"template {name} twice");
        }
        return new FilterSource { Expression = expression, Templates = templates.ToImmutable(), Use = (FilterUse)use, SampleSeed = seed, TimeZone = timeZone };
    }

    private static void Write(IBufferWriter<byte> output, Literal literal, int depth)
    {
        switch (literal)
        {
            case Literal.Bool v:
                ColumnCodec.WriteByte(output, (byte)(v.Value ? Kind.True : Kind.False));
                break;
            case Literal.Int v:
                ColumnCodec.WriteByte(output, (byte)Kind.Int);
                ColumnCodec.WriteInt64(output, v.Value);
                break;
            case Literal.Float v:
                ColumnCodec.WriteByte(output, (byte)Kind.Float);
                ColumnCodec.WriteInt64(output, BitConverter.DoubleToInt64Bits(v.Value));
                break;
            case Literal.Text v:
                ColumnCodec.WriteByte(output, (byte)Kind.Text);
                ColumnCodec.WriteText(output, v.Value);
                break;
            case Literal.List v:
                if (depth == MaxDepth) throw MilvusException.InvalidParameter($"template values are nested deeper than {MaxDepth} lists");
                ColumnCodec.WriteByte(output, (byte)Kind.List);
                ColumnCodec.WriteInt32(output, v.Items.Length);
                foreach (var item in v.Items) Write(output, item, depth + 1);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(literal), literal, "unknown literal");
        }
    }

    private static Literal ReadLiteral(ref ColumnReader input, int depth)
    {
        var kind = (Kind)input.ReadByte();
        switch (kind)
        {
            case Kind.False: return new Literal.Bool(false);
            case Kind.True: return new Literal.Bool(true);
            case Kind.Int: return new Literal.Int(input.ReadInt64());
            case Kind.Float: return new Literal.Float(BitConverter.Int64BitsToDouble(input.ReadInt64()));
            case Kind.Text: return new Literal.Text(input.ReadText());
            case Kind.List:
                if (depth == MaxDepth) throw input.Damaged($"literals nested deeper than {MaxDepth} lists");
                var items = ImmutableArray.CreateBuilder<Literal>(input.ReadCount(itemBytes: 1));
                for (var i = 0; i < items.Capacity; i++) items.Add(ReadLiteral(ref input, depth + 1));
                return new Literal.List(items.MoveToImmutable());
            default: throw input.Damaged($"a literal of kind {(int)kind}");
        }
    }

    // Frozen.
    private enum Kind : byte
    {
        False = 0,
        True = 1,
        Int = 2,
        Float = 3,
        Text = 4,
        List = 5,
    }
}
