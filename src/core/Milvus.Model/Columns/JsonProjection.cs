using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Milvus.Model;

/// <summary>Takes one value out of every JSON text of a column, as a column of one scalar type; what is not there, or is null, is null.</summary>
/// <param name="Path">Member names from the root; a number names an element where it meets an array.</param>
/// <param name="Type">Bool, Int64, Double, or VarChar, which takes any value as text.</param>
/// <param name="IsStrict">A value of another type is an error instead of null, for VarChar too.</param>
public sealed record JsonProjection(ImmutableArray<string> Path, DataType Type, bool IsStrict = false)
{
    /// <exception cref="MilvusException">2000: strict, and a value of another type.</exception>
    public Column Apply(Column json)
    {
        var texts = (BinaryColumn)json;
        var steps = new byte[Path.Length][];
        for (var i = 0; i < steps.Length; i++) steps[i] = Encoding.UTF8.GetBytes(Path[i]);
        var builder = ColumnBuilder.For(Type);
        for (var row = 0; row < texts.Count; row++)
        {
            if (texts.IsNull(row) || texts[row].IsEmpty) builder.AppendNull();
            else Append(builder, texts[row], steps);
        }
        return builder.Build();
    }

    /// <summary>Moves a reader from before the root to the value at a path; false when there is none.</summary>
    public static bool TryFind(ref Utf8JsonReader reader, ReadOnlySpan<byte[]> steps)
    {
        if (!reader.Read()) return false;
        foreach (var step in steps)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject when TryMember(ref reader, step):
                case JsonTokenType.StartArray when TryElement(ref reader, step):
                    continue;
                default:
                    return false;
            }
        }
        return true;
    }

    public bool Equals(JsonProjection? other) => other is not null && Type == other.Type && IsStrict == other.IsStrict && Path.SequenceEqual(other.Path);

    public override int GetHashCode() => HashCode.Combine(Type, IsStrict, Path.Length, Path.IsEmpty ? "" : Path[^1]);

    private void Append(ColumnBuilder builder, ReadOnlySpan<byte> text, byte[][] steps)
    {
        var reader = new Utf8JsonReader(text);
        if (!TryFind(ref reader, steps) || reader.TokenType == JsonTokenType.Null)
        {
            builder.AppendNull();
            return;
        }
        switch (builder)
        {
            case FixedColumnBuilder<bool> b when reader.TokenType is JsonTokenType.True or JsonTokenType.False:
                b.Append(reader.TokenType == JsonTokenType.True);
                return;
            case FixedColumnBuilder<long> b when reader.TokenType == JsonTokenType.Number:
                if (reader.TryGetInt64(out var whole)) b.Append(whole);
                else if (reader.TryGetDouble(out var real) && Math.Floor(real) == real && Math.Abs(real) < 9e18) b.Append((long)real);
                else break;
                return;
            case FixedColumnBuilder<double> b when reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var number):
                b.Append(number);
                return;
            case BinaryColumnBuilder b when reader.TokenType == JsonTokenType.String:
                b.Append(reader.GetString()!);
                return;
            case BinaryColumnBuilder b when !IsStrict:
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                b.Append(text[start..(int)reader.BytesConsumed]);
                return;
        }
        if (IsStrict) throw new MilvusException(ErrorCode.SegcoreError, $"a JSON value at {string.Join('/', Path)} is not of type {Type}: segcore error") { IsInputError = true };
        builder.AppendNull();
    }

    private static bool TryMember(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            if (isIt) return true;
            reader.Skip();
        }
        return false;
    }

    private static bool TryElement(ref Utf8JsonReader reader, ReadOnlySpan<byte> position)
    {
        if (!int.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out var wanted)) return false;
        for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
        {
            if (i == wanted) return true;
            reader.Skip();
        }
        return false;
    }
}
