using System.Collections.Immutable;
using System.Text;
using Google.Protobuf.Collections;
using Milvus.Coordinator.Names;
using Milvus.Model;
using Milvus.Protocol.Schema;
using DataType = Milvus.Model.DataType;
using FieldSchema = Milvus.Protocol.Schema.FieldSchema;

namespace Milvus.Api.Mapping;

/// <summary>Constants of the wire: filter template values and default values of fields.</summary>
public static class LiteralMapping
{
    public static ImmutableDictionary<string, Literal> ToLiterals(this MapField<string, TemplateValue> templates)
    {
        if (templates.Count == 0) return ImmutableDictionary<string, Literal>.Empty;
        var builder = ImmutableDictionary.CreateBuilder<string, Literal>(StringComparer.Ordinal);
        foreach (var (name, value) in templates) builder[name] = ToLiteral(name, value);
        return builder.ToImmutable();
    }

    /// <exception cref="MilvusException">1100: the default's type is not the field's, or the field's type takes no default.</exception>
    public static Literal? ToDefault(FieldSchema field, DataType type)
    {
        var value = field.DefaultValue;
        if (value is null || value.DataCase == ValueField.DataOneofCase.None) return null;
        return (type, value.DataCase) switch
        {
            (DataType.Bool, ValueField.DataOneofCase.BoolData) => new Literal.Bool(value.BoolData),
            (DataType.Int8 or DataType.Int16 or DataType.Int32, ValueField.DataOneofCase.IntData) => new Literal.Int(value.IntData),
            (DataType.Int64, ValueField.DataOneofCase.LongData) => new Literal.Int(value.LongData),
            (DataType.Float, ValueField.DataOneofCase.FloatData) => new Literal.Float(value.FloatData),
            (DataType.Double, ValueField.DataOneofCase.DoubleData) => new Literal.Float(value.DoubleData),
            // The time zone of a timestamp without one is the collection's: the coordinator reads the text.
            (DataType.VarChar or DataType.Text or DataType.Geometry or DataType.Timestamptz, ValueField.DataOneofCase.StringData) => new Literal.Text(value.StringData),
            (DataType.Timestamptz, ValueField.DataOneofCase.TimestamptzData) => new Literal.Int(value.TimestamptzData),
            (DataType.Json, ValueField.DataOneofCase.BytesData) => new Literal.Text(value.BytesData.ToStringUtf8()),
            (DataType.Array or DataType.Json, _) => throw MilvusException.InvalidParameter(
                $"type not support default_value, type:{type.Spelled()}, name:{field.Name}"),
            _ when type.IsVector() => throw MilvusException.InvalidParameter(
                $"type not support default_value, type:{type.Spelled()}, name:{field.Name}"),
            _ => throw MilvusException.InvalidParameter(
                $"type ({type}) of field ({field.Name}) is not equal to the type({KindName(value.DataCase)}) of default_value"),
        };
    }

    /// <summary>The default value in the container of the field's type.</summary>
    public static ValueField ToValueField(Literal literal, DataType type) => (literal, type) switch
    {
        (Literal.Bool b, _) => new ValueField { BoolData = b.Value },
        (Literal.Int i, DataType.Int64) => new ValueField { LongData = i.Value },
        (Literal.Int i, DataType.Timestamptz) => new ValueField { TimestamptzData = i.Value },
        (Literal.Int i, DataType.Float) => new ValueField { FloatData = i.Value },
        (Literal.Int i, DataType.Double) => new ValueField { DoubleData = i.Value },
        (Literal.Int i, _) => new ValueField { IntData = (int)i.Value },
        (Literal.Float f, DataType.Float) => new ValueField { FloatData = (float)f.Value },
        (Literal.Float f, _) => new ValueField { DoubleData = f.Value },
        (Literal.Text t, DataType.Json) => new ValueField { BytesData = Google.Protobuf.ByteString.CopyFrom(t.Value, Encoding.UTF8) },
        _ => new ValueField { StringData = literal.ToString() ?? "" },
    };

    private static Literal ToLiteral(string name, TemplateValue value) => value.ValCase switch
    {
        TemplateValue.ValOneofCase.BoolVal => new Literal.Bool(value.BoolVal),
        TemplateValue.ValOneofCase.Int64Val => new Literal.Int(value.Int64Val),
        TemplateValue.ValOneofCase.FloatVal => new Literal.Float(value.FloatVal),
        TemplateValue.ValOneofCase.StringVal => new Literal.Text(value.StringVal),
        TemplateValue.ValOneofCase.ArrayVal => ToList(name, value.ArrayVal),
        _ => throw MilvusException.InvalidParameter($"expression template value of {name} has no supported type"),
    };

    private static Literal.List ToList(string name, TemplateArrayValue array) => new(array.DataCase switch
    {
        TemplateArrayValue.DataOneofCase.None => [],
        TemplateArrayValue.DataOneofCase.BoolData => [.. array.BoolData.Data.Select(Literal (v) => new Literal.Bool(v))],
        TemplateArrayValue.DataOneofCase.LongData => [.. array.LongData.Data.Select(Literal (v) => new Literal.Int(v))],
        TemplateArrayValue.DataOneofCase.DoubleData => [.. array.DoubleData.Data.Select(Literal (v) => new Literal.Float(v))],
        TemplateArrayValue.DataOneofCase.StringData => [.. array.StringData.Data.Select(Literal (v) => new Literal.Text(v))],
        TemplateArrayValue.DataOneofCase.ArrayData => [.. array.ArrayData.Data.Select(Literal (v) => ToList(name, v))],
        TemplateArrayValue.DataOneofCase.JsonData => [.. array.JsonData.Data.Select(v => JsonLiterals.Parse(name, v.Span))],
        _ => throw MilvusException.InvalidParameter($"expression template value of {name} has no supported type"),
    });

    private static string KindName(ValueField.DataOneofCase kind) => kind switch
    {
        ValueField.DataOneofCase.BoolData => "DataType_Bool",
        ValueField.DataOneofCase.IntData => "DataType_Int",
        ValueField.DataOneofCase.LongData => "DataType_Int64",
        ValueField.DataOneofCase.FloatData => "DataType_Float",
        ValueField.DataOneofCase.DoubleData => "DataType_Double",
        ValueField.DataOneofCase.TimestamptzData => "DataType_Timestamptz",
        ValueField.DataOneofCase.StringData => "DataType_VarChar",
        _ => "DataType_JSON",
    };
}
