using System.Collections.Immutable;
using Google.Protobuf.Collections;
using Milvus.Model;
using Milvus.Protocol.Schema;
using CollectionSchema = Milvus.Model.CollectionSchema;
using DataType = Milvus.Model.DataType;
using FieldSchema = Milvus.Model.FieldSchema;

namespace Milvus.Api.Mapping;

/// <summary>
/// Reads the columns of a write request. The wire packs nullable columns: flags for all rows, values only for valid ones (scalars
/// may also come in full length). The core gets full-length columns. What the schema demands is checked by the proxy; here only
/// that the data is what it says it is.
/// </summary>
public sealed class FieldDataReader
{
    private readonly int _rows;
    private readonly CollectionSchema? _schema;
    private readonly TimeZoneInfo _zone;

    /// <param name="rows">The request's row count; every column must have it.</param>
    /// <param name="schema">Answers what a request leaves out (types); null when the collection is unknown.</param>
    /// <param name="zone">Of timestamps without an offset.</param>
    public FieldDataReader(int rows, CollectionSchema? schema, TimeZoneInfo zone)
    {
        _rows = rows;
        _schema = schema;
        _zone = zone;
    }

    /// <exception cref="MilvusException">1100: a column contradicts itself or the row count.</exception>
    public ImmutableArray<NamedColumn> Read(RepeatedField<FieldData> fields)
    {
        var columns = ImmutableArray.CreateBuilder<NamedColumn>(fields.Count);
        foreach (var field in fields)
        {
            if (field.FieldCase == FieldData.FieldOneofCase.StructArrays) AddStruct(columns, field);
            else columns.Add(new NamedColumn(NameOf(field), ReadColumn(field, field.FieldName), field.IsDynamic));
        }
        return columns.ToImmutable();
    }

    private static string NameOf(FieldData field) =>
        field.IsDynamic && field.FieldName.Length == 0 ? FieldIds.DynamicName : field.FieldName;

    /// <summary>Sub-fields of a struct are columns of their own, named <c>struct[sub]</c>.</summary>
    private void AddStruct(ImmutableArray<NamedColumn>.Builder columns, FieldData field)
    {
        foreach (var sub in field.StructArrays.Fields)
        {
            var name = sub.FieldName.Contains('[') ? sub.FieldName : $"{field.FieldName}[{sub.FieldName}]";
            // A struct is null as a whole; its sub-fields may leave that to it.
            if (sub.ValidData.Count == 0 && field.ValidData.Count > 0) sub.ValidData.Add(field.ValidData);
            columns.Add(new NamedColumn(name, ReadColumn(sub, name)));
        }
    }

    private Column ReadColumn(FieldData data, string name)
    {
        var field = _schema?.Find(name);
        var type = data.Type == Protocol.Schema.DataType.None && field is not null ? field.Type : (DataType)(int)data.Type;
        if (data.FieldCase == FieldData.FieldOneofCase.Vectors && data.Vectors.DataCase == VectorField.DataOneofCase.VectorArray) type = DataType.ArrayOfVector;
        var nulls = new NullPacking(data.ValidData, _rows, name);
        var column = data.FieldCase switch
        {
            FieldData.FieldOneofCase.Vectors when data.Vectors.DataCase == VectorField.DataOneofCase.None && nulls.AllNull(type, field) is { } absent => absent,
            FieldData.FieldOneofCase.Vectors => VectorReader.Read(data.Vectors, type, name, nulls),
            FieldData.FieldOneofCase.Scalars => ReadScalars(data.Scalars, type, field, name, nulls),
            // All rows null, or no rows at all: nothing was packed.
            _ => nulls.AllNull(type, field) ?? throw MilvusException.InvalidParameter($"field {name} carries no data"),
        };
        if (column.Count != _rows) throw NullPacking.WrongCount(column.Count, name, _rows);
        return column;
    }

    private Column ReadScalars(ScalarField scalars, DataType type, FieldSchema? field, string name, NullPacking nulls)
    {
        switch (type, scalars.DataCase)
        {
            case (_, ScalarField.DataOneofCase.None):
                return nulls.AllNull(type, field) ?? throw MilvusException.InvalidParameter($"field {name} carries no data");
            case (DataType.Bool, ScalarField.DataOneofCase.BoolData):
                return nulls.Expand(type, scalars.BoolData.Data.ToArray());
            case (DataType.Int8, ScalarField.DataOneofCase.IntData):
                return nulls.Expand(type, IntRanges.ToInt8(scalars.IntData.Data));
            case (DataType.Int16, ScalarField.DataOneofCase.IntData):
                return nulls.Expand(type, IntRanges.ToInt16(scalars.IntData.Data));
            case (DataType.Int32, ScalarField.DataOneofCase.IntData):
                return nulls.Expand(type, scalars.IntData.Data.ToArray());
            case (DataType.Int64, ScalarField.DataOneofCase.LongData):
                return nulls.Expand(type, scalars.LongData.Data.ToArray());
            case (DataType.Float, ScalarField.DataOneofCase.FloatData):
                return nulls.Expand(type, scalars.FloatData.Data.ToArray());
            case (DataType.Double, ScalarField.DataOneofCase.DoubleData):
                return nulls.Expand(type, scalars.DoubleData.Data.ToArray());
            case (DataType.VarChar or DataType.Text or DataType.String, ScalarField.DataOneofCase.StringData):
                return nulls.Expand(type, scalars.StringData.Data);
            case (DataType.Json, ScalarField.DataOneofCase.JsonData):
                return nulls.Expand(type, scalars.JsonData.Data);
            case (DataType.Geometry, ScalarField.DataOneofCase.GeometryWktData):
                return nulls.Expand(type, scalars.GeometryWktData.Data, GeometryCodec.ToWkb);
            case (DataType.Geometry, ScalarField.DataOneofCase.StringData):
                return nulls.Expand(type, scalars.StringData.Data, GeometryCodec.ToWkb);
            case (DataType.Geometry, ScalarField.DataOneofCase.GeometryData):
                return nulls.Expand(type, scalars.GeometryData.Data);
            case (DataType.Timestamptz, ScalarField.DataOneofCase.TimestamptzData):
                return nulls.Expand(type, scalars.TimestamptzData.Data.ToArray());
            case (DataType.Timestamptz, ScalarField.DataOneofCase.StringData):
                return nulls.Expand(type, scalars.StringData.Data.Select(ReadTimestamp).ToArray());
            case (DataType.Array, ScalarField.DataOneofCase.ArrayData):
                return ArrayReader.Read(scalars.ArrayData, field, name, nulls);
            default:
                throw MilvusException.InvalidParameter(
                    $"insert data of field {name} does not match its type {type}, it is {scalars.DataCase}");
        }
    }

    /// <summary>A full-length column has placeholders under its nulls, which need not be timestamps.</summary>
    private long ReadTimestamp(string text)
    {
        if (text.Length == 0) return 0;
        if (TimestampText.TryParse(text, _zone, out var microseconds)) return microseconds;
        throw MilvusException.InvalidParameter(TimestampText.Invalid(text));
    }
}
