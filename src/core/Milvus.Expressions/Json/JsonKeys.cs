using Milvus.Expressions.Indexes;
using Milvus.Expressions.Indexes.Keys;
using Milvus.Expressions.Indexes.Queries;
using Milvus.Expressions.Planning;
using Milvus.Model;

namespace Milvus.Expressions.Json;

/// <summary>Literals as keys of an index on a JSON path.</summary>
internal static class JsonKeys
{
    /// <summary>Null when a literal is of another type than the index's keys.</summary>
    public static KeyQuery? Of(IReadOnlyList<Literal> literals, JsonCast cast)
    {
        switch (cast)
        {
            case JsonCast.Bool when literals.All(l => l is Literal.Bool):
                return new NumberSet([.. literals.Select(l => ((Literal.Bool)l).Value ? 1L : 0L).Distinct()]);
            case JsonCast.Text when literals.All(l => l is Literal.Text):
                return new TextSetQuery([.. literals.Select(Literals.ToUtf8)]);
            // Integers that no double equals would have to be told from their neighbours.
            case JsonCast.Double when literals.All(l => l is Literal.Float || (l is Literal.Int i && new JsonNumber((double)i.Value).CompareTo(new JsonNumber(i.Value)) == 0)):
                return new NumberSet([.. literals.Select(l => OrderedDouble.Of(Literals.ToDouble(l))).Distinct()]);
            default:
                return null;
        }
    }
}
