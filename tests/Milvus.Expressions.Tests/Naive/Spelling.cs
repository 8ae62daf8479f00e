using System.Globalization;
using System.Text;
using Milvus.Model;

namespace Milvus.Expressions.Tests.Naive;

/// <summary>Writes constants into expressions.</summary>
internal static class Spelling
{
    public static string Literal(Literal value) => value switch
    {
        Literal.Bool b => b.Value ? "true" : "False",
        Literal.Int i => i.Value.ToString(CultureInfo.InvariantCulture),
        Literal.Float f => Float(f.Value),
        Literal.Text t => Quote(t.Value),
        Literal.List l => "[" + string.Join(", ", l.Items.Select(Literal)) + "]",
        _ => throw new ArgumentException(value.ToString()),
    };

    /// <summary>Puts every constant into a template variable.</summary>
    public static Func<Literal, string> Templates(Dictionary<string, Literal> variables) => value =>
    {
        var name = "v" + variables.Count;
        variables.Add(name, value);
        return "{" + name + "}";
    };

    private static string Float(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.Contains('.') || text.Contains('E') ? text : text + ".0";
    }

    private static string Quote(string text)
    {
        var result = new StringBuilder("\"");
        foreach (var c in text)
            result.Append(c switch { '"' => "\\\"", '\\' => "\\\\", '\n' => "\\n", _ => c.ToString() });
        return result.Append('"').ToString();
    }
}
