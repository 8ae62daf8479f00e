using System.Collections.Immutable;
using System.Globalization;

namespace Milvus.Model;

/// <summary>A constant as clients give it: default values, filter literals and filter template values.</summary>
public abstract record Literal
{
    private Literal()
    {
    }

    public sealed record Bool(bool Value) : Literal
    {
        public override string ToString() => Value ? "true" : "false";
    }

    public sealed record Int(long Value) : Literal
    {
        public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
    }

    public sealed record Float(double Value) : Literal
    {
        public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture);
    }

    public sealed record Text(string Value) : Literal
    {
        public override string ToString() => Value;
    }

    public sealed record List(ImmutableArray<Literal> Items) : Literal
    {
        public bool Equals(List? other) => other is not null && Items.SequenceEqual(other.Items);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var i in Items) hash.Add(i);
            return hash.ToHashCode();
        }

        public override string ToString() => "[" + string.Join(", ", Items) + "]";
    }
}
