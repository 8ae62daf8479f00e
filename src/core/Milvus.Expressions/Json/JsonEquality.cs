using System.Text;
using System.Text.Json;
using Milvus.Expressions.Kernels;
using Milvus.Model;

namespace Milvus.Expressions.Json;

/// <summary>Equality of a JSON value with one literal; types never convert, numbers compare by value.</summary>
internal sealed class JsonEquality
{
    private readonly Literal _literal;
    private readonly byte[] _text = [];
    private readonly JsonNumber _number;
    private readonly JsonEquality[] _items = [];

    public JsonEquality(Literal literal)
    {
        _literal = literal;
        switch (literal)
        {
            case Literal.Text t: _text = Encoding.UTF8.GetBytes(t.Value); break;
            case Literal.Int i: _number = new JsonNumber(i.Value); break;
            case Literal.Float f: _number = new JsonNumber(f.Value); break;
            case Literal.List l: _items = [.. l.Items.Select(i => new JsonEquality(i))]; break;
        }
    }

    /// <summary>The reader stands on the value's first token and is left on its last when the answer is true.</summary>
    public bool Matches(ref Utf8JsonReader reader)
    {
        switch (_literal)
        {
            case Literal.Bool b:
                return reader.TokenType == (b.Value ? JsonTokenType.True : JsonTokenType.False);
            case Literal.Text:
                return reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(_text);
            case Literal.List:
                if (reader.TokenType != JsonTokenType.StartArray) return false;
                foreach (var item in _items)
                    if (!reader.Read() || reader.TokenType == JsonTokenType.EndArray || !item.Matches(ref reader)) return false;
                return reader.Read() && reader.TokenType == JsonTokenType.EndArray;
            default:
                return reader.TokenType == JsonTokenType.Number && JsonNumber.Read(ref reader).CompareTo(_number) == 0;
        }
    }
}

/// <summary>Literals of any types for membership tests of JSON values.</summary>
internal sealed class JsonValueSet
{
    private readonly LongSet _integers;
    private readonly LongSet _realBits;
    private readonly TextSet _texts;
    private readonly JsonEquality[] _lists;
    private readonly bool _hasNumbers;
    private readonly bool _hasTrue;
    private readonly bool _hasFalse;

    public JsonValueSet(IEnumerable<Literal> literals)
    {
        var integers = new List<long>();
        var reals = new List<long>();
        var texts = new List<byte[]>();
        var lists = new List<JsonEquality>();
        foreach (var literal in literals)
        {
            switch (literal)
            {
                case Literal.Bool b:
                    _hasTrue |= b.Value;
                    _hasFalse |= !b.Value;
                    break;
                case Literal.Text t: texts.Add(Encoding.UTF8.GetBytes(t.Value)); break;
                case Literal.List: lists.Add(new JsonEquality(literal)); break;
                case Literal.Int i: integers.Add(i.Value); break;
                case Literal.Float f:
                    var number = new JsonNumber(f.Value);
                    if (number.IsInteger) integers.Add(number.Integer);
                    else reals.Add(BitConverter.DoubleToInt64Bits(f.Value));
                    break;
            }
        }
        _integers = new LongSet(integers);
        _realBits = new LongSet(reals);
        _texts = new TextSet(texts);
        _lists = [.. lists];
        _hasNumbers = integers.Count + reals.Count > 0;
    }

    /// <summary>The set holds a literal of the value's type.</summary>
    public bool Accepts(JsonTokenType type) => type switch
    {
        JsonTokenType.Number => _hasNumbers,
        JsonTokenType.String => _texts.Sorted.Length > 0,
        JsonTokenType.True or JsonTokenType.False => _hasTrue || _hasFalse,
        JsonTokenType.StartArray => _lists.Length > 0,
        _ => false,
    };

    public bool Contains(ref Utf8JsonReader reader, FilterScratch scratch)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.True: return _hasTrue;
            case JsonTokenType.False: return _hasFalse;
            case JsonTokenType.Number:
                if (!_hasNumbers) return false;
                var number = JsonNumber.Read(ref reader);
                return number.IsInteger ? _integers.Contains(number.Integer) : _realBits.Contains(BitConverter.DoubleToInt64Bits(number.Double));
            case JsonTokenType.String:
                return _texts.Sorted.Length > 0 && _texts.Contains(JsonText.Unescape(ref reader, scratch));
            case JsonTokenType.StartArray:
                foreach (var list in _lists)
                {
                    var start = reader;
                    if (list.Matches(ref start)) return true;
                }
                return false;
            default: return false;
        }
    }
}
