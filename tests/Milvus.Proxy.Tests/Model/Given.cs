using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using Milvus.Model;

namespace Milvus.Proxy.Tests.Model;

/// <summary>Fields, columns and vectors in few words.</summary>
internal static class Given
{
    public static FieldSchema Key(DataType type = DataType.Int64, bool autoId = false, string name = "id") =>
        new() { Name = name, Type = type, IsPrimaryKey = true, AutoId = autoId, TypeParams = type == DataType.VarChar ? [new Property("max_length", "64")] : [] };

    public static FieldSchema Vector(string name = "v", int dim = 2, DataType type = DataType.FloatVector, bool nullable = false) =>
        new() { Name = name, Type = type, Nullable = nullable, TypeParams = type == DataType.SparseFloatVector ? [] : [new Property("dim", dim.ToString(CultureInfo.InvariantCulture))] };

    public static FieldSchema Field(string name, DataType type, bool nullable = false, Literal? @default = null) =>
        new() { Name = name, Type = type, Nullable = nullable, Default = @default };

    public static FieldSchema VarChar(string name, int maxLength = 16, bool nullable = false, Literal? @default = null) =>
        new() { Name = name, Type = DataType.VarChar, Nullable = nullable, Default = @default, TypeParams = [new Property("max_length", maxLength.ToString(CultureInfo.InvariantCulture))] };

    public static FieldSchema List(string name, DataType element, int capacity = 4, int maxLength = 8, bool nullable = false) =>
        new()
        {
            Name = name,
            Type = DataType.Array,
            ElementType = element,
            Nullable = nullable,
            TypeParams = [new Property("max_capacity", capacity.ToString(CultureInfo.InvariantCulture)), new Property("max_length", maxLength.ToString(CultureInfo.InvariantCulture))],
        };

    public static NamedColumn Int64s(string name, params long[] values) => new(name, new FixedColumn<long>(DataType.Int64, values));

    public static NamedColumn Int32s(string name, params int[] values) => new(name, new FixedColumn<int>(DataType.Int32, values));

    public static NamedColumn Nullable(string name, params long?[] values)
    {
        var builder = new FixedColumnBuilder<long>(DataType.Int64);
        foreach (var v in values)
        {
            if (v is { } present) builder.Append(present);
            else builder.AppendNull();
        }
        return new(name, builder.Build());
    }

    public static NamedColumn Texts(string name, params string?[] values) => new(name, BinaryColumn.FromStrings(DataType.VarChar, values));

    public static NamedColumn Jsons(string name, params string?[] values) => new(name, BinaryColumn.FromStrings(DataType.Json, values));

    public static NamedColumn Dynamic(params string?[] values) => new(FieldIds.DynamicName, BinaryColumn.FromStrings(DataType.Json, values), true);

    public static NamedColumn Lists(string name, DataType element, params long[][] values)
    {
        var builder = (ArrayColumnBuilder)ColumnBuilder.For(DataType.Array, element);
        foreach (var row in values)
        {
            foreach (var v in row)
                if (builder.Elements is FixedColumnBuilder<long> longs) longs.Append(v);
                else ((FixedColumnBuilder<int>)builder.Elements).Append((int)v);
            builder.EndRow();
        }
        return new(name, builder.Build());
    }

    public static NamedColumn Floats(string name, params float[][] rows) =>
        new(name, new VectorColumn(DataType.FloatVector, rows[0].Length, rows.SelectMany(Bytes).ToArray()));

    public static NamedColumn Sparse(string name, params (uint Index, float Value)[][] rows)
    {
        var builder = new BinaryColumnBuilder(DataType.SparseFloatVector);
        foreach (var row in rows) builder.Append(SparseBytes(row));
        return new(name, builder.Build());
    }

    public static byte[] Bytes(float[] vector) => MemoryMarshal.AsBytes<float>(vector).ToArray();

    public static byte[] SparseBytes(params (uint Index, float Value)[] row)
    {
        var bytes = new byte[row.Length * 8];
        for (var i = 0; i < row.Length; i++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(i * 8), row[i].Index);
            BitConverter.TryWriteBytes(bytes.AsSpan((i * 8) + 4), row[i].Value);
        }
        return bytes;
    }

    public static QueryVectors Queries(params float[][] vectors) => new(DataType.FloatVector, [.. vectors.Select(v => new ReadOnlyMemory<byte>(Bytes(v)))]);

    public static ImmutableDictionary<string, string> Params(params (string Key, string Value)[] pairs) =>
        pairs.ToImmutableDictionary(p => p.Key, p => p.Value);

    public static string Show(Column column, int row)
    {
        if (column.IsNull(row)) return "null";
        return column switch
        {
            FixedColumn<bool> c => c.Values[row] ? "true" : "false",
            FixedColumn<sbyte> c => c.Values[row].ToString(CultureInfo.InvariantCulture),
            FixedColumn<short> c => c.Values[row].ToString(CultureInfo.InvariantCulture),
            FixedColumn<int> c => c.Values[row].ToString(CultureInfo.InvariantCulture),
            FixedColumn<long> c => c.Values[row].ToString(CultureInfo.InvariantCulture),
            FixedColumn<float> c => c.Values[row].ToString("R", CultureInfo.InvariantCulture),
            FixedColumn<double> c => c.Values[row].ToString("R", CultureInfo.InvariantCulture),
            BinaryColumn { Type: DataType.SparseFloatVector } c => Convert.ToHexString(c[row]),
            BinaryColumn c => c.GetString(row),
            ArrayColumn c => "[" + string.Join(",", Enumerable.Range(0, c.Length(row)).Select(i => Show(c.Row(row), i))) + "]",
            VectorColumn c => Convert.ToHexString(c[row]),
            _ => throw new NotSupportedException(),
        };
    }

    public static string[] ShowAll(Column column) => [.. Enumerable.Range(0, column.Count).Select(i => Show(column, i))];
}
