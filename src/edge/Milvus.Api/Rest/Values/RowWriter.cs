using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Milvus.Api.Mapping;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Api.Rest.Values;

/// <summary>Writes result rows as JSON objects.</summary>
/// <param name="zone">In which timestamps are written.</param>
internal sealed class RowWriter(CollectionSchema schema, ImmutableArray<NamedColumn> columns, bool int64AsNumbers, TimeZoneInfo zone)
{
    private readonly ImmutableArray<ColumnGroup> _groups = ColumnGroup.Of(schema, columns);

    /// <summary>Writes the members of one row, without the braces.</summary>
    public void WriteMembers(Utf8JsonWriter w, int row)
    {
        foreach (var group in _groups)
        {
            if (group.Parent is { } parent)
            {
                WriteStructs(w, parent, group.Columns, row);
                continue;
            }
            var c = group.Columns[0];
            if (c.IsDynamic)
            {
                WriteDynamic(w, (BinaryColumn)c.Column, row);
                continue;
            }
            w.WritePropertyName(c.Name);
            // A count is always a number.
            if (c.Column is FixedColumn<long> counts && c.Name.TrimStart().StartsWith("count", StringComparison.OrdinalIgnoreCase) && c.Name.Contains('(', StringComparison.Ordinal)) w.WriteNumberValue(counts.Values[row]);
            else WriteValue(w, c.Column, row);
        }
    }

    private void WriteStructs(Utf8JsonWriter w, StructFieldSchema parent, ImmutableArray<NamedColumn> columns, int row)
    {
        w.WritePropertyName(parent.Name);
        if (columns[0].Column.IsNull(row))
        {
            w.WriteNullValue();
            return;
        }
        var lists = columns.Select(c => (Name: parent.ShortName(schema.Find(c.Name)!), Elements: ((ArrayColumn)c.Column).Row(row))).ToArray();
        w.WriteStartArray();
        for (var i = 0; i < lists[0].Elements.Count; i++)
        {
            w.WriteStartObject();
            foreach (var (name, elements) in lists)
            {
                w.WritePropertyName(name);
                WriteValue(w, elements, i);
            }
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    public void WriteKey(Utf8JsonWriter w, string name, PrimaryKeys keys, int row)
    {
        w.WritePropertyName(name);
        WriteKey(w, keys, row, int64AsNumbers);
    }

    public static void WriteKey(Utf8JsonWriter w, PrimaryKeys keys, int row, bool int64AsNumbers)
    {
        if (!keys.IsInt64) w.WriteStringValue(keys.Strings[row]);
        else WriteInt64(w, keys.Int64s[row], int64AsNumbers);
    }

    private static void WriteInt64(Utf8JsonWriter w, long value, bool asNumber)
    {
        if (asNumber) w.WriteNumberValue(value);
        else w.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    private void WriteValue(Utf8JsonWriter w, Column column, int row)
    {
        if (column.IsNull(row))
        {
            w.WriteNullValue();
            return;
        }
        switch (column)
        {
            case FixedColumn<bool> c: w.WriteBooleanValue(c.Values[row]); break;
            case FixedColumn<sbyte> c: w.WriteNumberValue(c.Values[row]); break;
            case FixedColumn<short> c: w.WriteNumberValue(c.Values[row]); break;
            case FixedColumn<int> c: w.WriteNumberValue(c.Values[row]); break;
            case FixedColumn<long> { Type: DataType.Timestamptz } c: w.WriteStringValue(TimestampText.Format(c.Values[row], zone)); break;
            case FixedColumn<long> c: WriteInt64(w, c.Values[row], int64AsNumbers); break;
            case FixedColumn<float> c: w.WriteNumberValue(c.Values[row]); break;
            case FixedColumn<double> c: w.WriteNumberValue(c.Values[row]); break;
            case VectorColumn c: WriteVector(w, c, row); break;
            case ArrayColumn c: WriteArray(w, c, row); break;
            case BinaryColumn { Type: DataType.SparseFloatVector } c: WriteSparse(w, c[row]); break;
            case BinaryColumn { Type: DataType.Geometry } c: w.WriteStringValue(GeometryCodec.ToWkt(c[row])); break;
            case BinaryColumn c: w.WriteStringValue(c[row]); break;
            default: throw new RestFailure(RestCodes.BadSearchResult, $"fail to parse search result, error: no JSON form for {column.Type}");
        }
    }

    private static void WriteVector(Utf8JsonWriter w, VectorColumn column, int row)
    {
        if (column.Type != DataType.FloatVector)
        {
            w.WriteBase64StringValue(column[row]);
            return;
        }
        w.WriteStartArray();
        foreach (var x in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(column[row])) w.WriteNumberValue(x);
        w.WriteEndArray();
    }

    private static void WriteSparse(Utf8JsonWriter w, ReadOnlySpan<byte> row)
    {
        w.WriteStartObject();
        for (var i = 0; i < row.Length; i += 8)
        {
            var index = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(row[i..]);
            w.WriteNumber(index.ToString(CultureInfo.InvariantCulture), System.Buffers.Binary.BinaryPrimitives.ReadSingleLittleEndian(row[(i + 4)..]));
        }
        w.WriteEndObject();
    }

    // Arrays keep the shape of their wire message, with its numbers as numbers.
    private static void WriteArray(Utf8JsonWriter w, ArrayColumn column, int row)
    {
        var name = column.ElementType switch
        {
            DataType.Bool => "BoolData",
            DataType.Int8 or DataType.Int16 or DataType.Int32 => "IntData",
            DataType.Int64 => "LongData",
            DataType.Float => "FloatData",
            DataType.Double => "DoubleData",
            _ => "StringData",
        };
        w.WriteStartObject();
        w.WriteStartObject("Data");
        w.WriteStartObject(name);
        w.WriteStartArray("data");
        for (var i = column.Offsets[row]; i < column.Offsets[row + 1]; i++)
        {
            switch (column.Elements)
            {
                case FixedColumn<bool> c: w.WriteBooleanValue(c.Values[i]); break;
                case FixedColumn<sbyte> c: w.WriteNumberValue(c.Values[i]); break;
                case FixedColumn<short> c: w.WriteNumberValue(c.Values[i]); break;
                case FixedColumn<int> c: w.WriteNumberValue(c.Values[i]); break;
                case FixedColumn<long> c: w.WriteNumberValue(c.Values[i]); break;
                case FixedColumn<float> c: w.WriteNumberValue(c.Values[i]); break;
                case FixedColumn<double> c: w.WriteNumberValue(c.Values[i]); break;
                case BinaryColumn c: w.WriteStringValue(c[i]); break;
            }
        }
        w.WriteEndArray();
        w.WriteEndObject();
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteDynamic(Utf8JsonWriter w, BinaryColumn column, int row)
    {
        if (column.IsNull(row) || column[row].IsEmpty) return;
        using var document = JsonDocument.Parse(column.GetMemory(row));
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null) continue;
            w.WritePropertyName(member.Name);
            member.Value.WriteTo(w);
        }
    }
}
