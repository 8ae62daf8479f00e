using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Storage.Parquet;

/// <summary>
/// Puts the entries of a row group's leaves together to rows (Dremel, Melnik et al. 2010: definition levels tell how much of a path is there,
/// repetition levels at which list an entry goes on).
/// </summary>
/// <param name="leaves">By number of the leaf; null where the column is not read.</param>
internal sealed class ParquetJsonWriter(ParquetLeafReader?[] leaves)
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Writes the next row; its entries are at hand.</summary>
    public void WriteRow(IBufferWriter<byte> target, ParquetNode[] columns, FieldSchema?[] fields)
    {
        using var json = new Utf8JsonWriter(target, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        for (var i = 0; i < columns.Length; i++)
        {
            json.WritePropertyName(columns[i].Name);
            try
            {
                Write(json, columns[i], fields[i]);
            }
            catch (Exception e) when (e is ArgumentException or JsonException or IndexOutOfRangeException or OverflowException or MilvusException)
            {
                // Text that is no UTF-8, numbers that are none, bytes that are no geometry, levels that contradict each other.
                throw new InvalidDataException($"a value of column '{columns[i].Name}' cannot be read: {e.Message}", e);
            }
        }
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, ParquetNode node, FieldSchema? field)
    {
        if (node.Repetition == ParquetRepetition.Repeated) WriteList(json, node, node, node, field);
        else if (node.Repetition == ParquetRepetition.Optional && First(node).Definition < node.Definition) WriteNull(json, node);
        else if (node.IsLeaf) WriteLeaf(json, node, field);
        else if (node.Meaning == ParquetMeaning.List && node.Children is [{ Repetition: ParquetRepetition.Repeated } repeated]) WriteList(json, node, repeated, ElementOf(node, repeated), field);
        else WriteObject(json, node);
    }

    private void WriteObject(Utf8JsonWriter json, ParquetNode node)
    {
        json.WriteStartObject();
        foreach (var child in node.Children)
        {
            json.WritePropertyName(child.Name);
            Write(json, child, null);
        }
        json.WriteEndObject();
    }

    // The rules for the shapes of lists that writers use: parquet-format, LogicalTypes.md, "Backward-compatibility rules".
    private static ParquetNode ElementOf(ParquetNode list, ParquetNode repeated) =>
        repeated.IsLeaf || repeated.Children.Length > 1 || repeated.Name == "array" || repeated.Name == list.Name + "_tuple" ? repeated : repeated.Children[0];

    private void WriteList(Utf8JsonWriter json, ParquetNode list, ParquetNode repeated, ParquetNode element, FieldSchema? field)
    {
        var first = First(list);
        var isBytes = element.IsLeaf && IsBytes(element, field);
        if (!isBytes) json.WriteStartArray();
        _bytes.Clear();
        if (first.Definition < repeated.Definition) Skip(list);
        else
        {
            do
            {
                if (isBytes) TakeByte(element);
                else if (ReferenceEquals(element, repeated)) WriteElement(json, element, field);
                else Write(json, element, field);
            }
            while (first.HasEntry && first.Repetition == repeated.RepetitionLevel);
        }
        if (isBytes) json.WriteBase64StringValue(_bytes.WrittenSpan);
        else json.WriteEndArray();
    }

    private void WriteElement(Utf8JsonWriter json, ParquetNode element, FieldSchema? field)
    {
        if (element.IsLeaf) WriteLeaf(json, element, field);
        else WriteObject(json, element);
    }

    // Half-precision and binary vectors are lists of their bytes.
    private static bool IsBytes(ParquetNode element, FieldSchema? field) =>
        element.Type is ParquetType.Int32 or ParquetType.Int64 && field?.Type is DataType.Float16Vector or DataType.BFloat16Vector or DataType.BinaryVector;

    private void TakeByte(ParquetNode element)
    {
        var leaf = First(element);
        if (leaf.Definition < element.Definition) throw new ArgumentException("a vector holds no nulls");
        var value = leaf.Integer;
        if (value is < sbyte.MinValue or > byte.MaxValue) throw new ArgumentException($"{value} is no byte of a vector");
        _bytes.GetSpan(1)[0] = unchecked((byte)value);
        _bytes.Advance(1);
        leaf.Advance();
    }

    private void WriteLeaf(Utf8JsonWriter json, ParquetNode node, FieldSchema? field)
    {
        var leaf = First(node);
        switch (node.Type)
        {
            case ParquetType.Boolean:
                json.WriteBooleanValue(leaf.Integer != 0);
                break;
            case ParquetType.Int32 or ParquetType.Int64 when field?.Type == DataType.Timestamptz:
                json.WriteStringValue(Time(node, leaf.Integer));
                break;
            case ParquetType.Int64 when node.Meaning == ParquetMeaning.Unsigned:
                json.WriteNumberValue(unchecked((ulong)leaf.Integer));
                break;
            case ParquetType.Int32 or ParquetType.Int64:
                json.WriteNumberValue(leaf.Integer);
                break;
            case ParquetType.Float:
                json.WriteNumberValue(leaf.Float);
                break;
            case ParquetType.Double:
                json.WriteNumberValue(leaf.Double);
                break;
            case ParquetType.FixedLenByteArray when node is { Meaning: ParquetMeaning.Half, Length: 2 }:
                json.WriteNumberValue((float)BinaryPrimitives.ReadHalfLittleEndian(leaf.Bytes));
                break;
            case ParquetType.ByteArray or ParquetType.FixedLenByteArray when field?.Type == DataType.FloatVector:
                WriteFloats(json, leaf.Bytes);
                break;
            case ParquetType.ByteArray or ParquetType.FixedLenByteArray when field is { Type: var type } && type.IsDenseVector():
                json.WriteBase64StringValue(leaf.Bytes);
                break;
            case ParquetType.ByteArray or ParquetType.FixedLenByteArray when field?.Type == DataType.SparseFloatVector:
                json.WriteRawValue(leaf.Bytes);
                break;
            case ParquetType.ByteArray when field?.Type == DataType.Geometry && leaf.Bytes is [0 or 1, ..]:
                // WKB begins with its byte order, WKT with a letter.
                json.WriteStringValue(GeometryCodec.ToWkt(leaf.Bytes));
                break;
            case ParquetType.ByteArray or ParquetType.FixedLenByteArray:
                json.WriteStringValue(leaf.Bytes);
                break;
            default:
                throw new InvalidDataException($"values of type {node.Type} are not supported");
        }
        leaf.Advance();
    }

    private static void WriteFloats(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length % sizeof(float) != 0) throw new ArgumentException($"{bytes.Length} bytes are no vector of float32");
        json.WriteStartArray();
        for (; bytes.Length > 0; bytes = bytes[sizeof(float)..]) json.WriteNumberValue(BinaryPrimitives.ReadSingleLittleEndian(bytes));
        json.WriteEndArray();
    }

    private void WriteNull(Utf8JsonWriter json, ParquetNode node)
    {
        json.WriteNullValue();
        Skip(node);
    }

    // What is missing has one entry in every leaf below.
    private void Skip(ParquetNode node)
    {
        if (node.IsLeaf) First(node).Advance();
        else
            foreach (var child in node.Children) Skip(child);
    }

    private ParquetLeafReader First(ParquetNode node) => leaves[node.FirstLeaf]!;

    private static string Time(ParquetNode node, long value)
    {
        var microseconds = node.Meaning switch
        {
            ParquetMeaning.Milliseconds => checked(value * 1000),
            ParquetMeaning.Nanoseconds => value / 1000,
            _ => value,
        };
        return DateTimeOffset.UnixEpoch.AddTicks(checked(microseconds * TimeSpan.TicksPerMicrosecond)).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
    }
}
