using System.Globalization;
using System.Text;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>Types, spelling in errors, and conversions of constants.</summary>
internal static class Literals
{
    public static string TypeName(DataType type) => type == DataType.Json ? "JSON" : type.ToString();

    public static string TypeName(Literal value) => value switch
    {
        Literal.Bool => "Bool",
        Literal.Int => "Int64",
        Literal.Float => "Double",
        Literal.Text => "VarChar",
        _ => "Array",
    };

    public static bool IsNumber(Literal value) => value is Literal.Int or Literal.Float;

    public static double ToDouble(Literal value) => value is Literal.Int i ? i.Value : ((Literal.Float)value).Value;

    public static byte[] ToUtf8(Literal value) => Encoding.UTF8.GetBytes(((Literal.Text)value).Value);

    /// <summary>The value as Milvus' plan messages print it: <c>int64_val:1</c>, <c>string_val:"x"</c> …</summary>
    public static string Describe(Literal value) => value switch
    {
        Literal.Bool b => "bool_val:" + (b.Value ? "true" : "false"),
        Literal.Int i => "int64_val:" + i.Value.ToString(CultureInfo.InvariantCulture),
        Literal.Float f => "float_val:" + f.Value.ToString("R", CultureInfo.InvariantCulture),
        Literal.Text t => "string_val:\"" + t.Value + "\"",
        Literal.List l => "array_val:{" + string.Join(" ", l.Items.Take(16).Select(i => "array:{" + Describe(i) + "}")) + "}",
        _ => value.ToString()!,
    };

    /// <summary>
    /// Whether the constant can stand for a value of the type: integers for integers, any number for floats, anything for JSON.
    /// Integers beyond a column's width are fine, they just equal none of its values.
    /// </summary>
    public static bool Fits(Literal value, DataType type) => type switch
    {
        DataType.Json => true,
        DataType.Bool => value is Literal.Bool,
        DataType.VarChar or DataType.String => value is Literal.Text,
        DataType.Float or DataType.Double => IsNumber(value),
        _ => type.IsInteger() && value is Literal.Int,
    };

    /// <summary>Numbers with numbers, text with text, booleans with booleans: the types belong together, even if a value may not fit.</summary>
    public static bool AreComparable(DataType type, Literal value) => type switch
    {
        DataType.Json => true,
        DataType.Bool => value is Literal.Bool,
        DataType.VarChar or DataType.String => value is Literal.Text,
        _ => (type.IsNumeric() || type == DataType.Timestamptz) && IsNumber(value),
    };

    public static FilterError CannotCast(Literal value, DataType type) =>
        new($"cannot cast value to {TypeName(type)}, value: {Describe(value)}");
}
