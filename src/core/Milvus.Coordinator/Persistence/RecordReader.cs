using System.Collections.Immutable;
using System.Text.Json;
using Milvus.Model;

namespace Milvus.Coordinator.Persistence;

/// <summary>Reads what <see cref="RecordWriter"/> wrote. Members that are absent have their default value.</summary>
internal readonly struct RecordReader(JsonElement element)
{
    /// <exception cref="IntegrityException">The bytes are no such record; names the key.</exception>
    public static T Read<T>(string key, ReadOnlyMemory<byte> value, Func<RecordReader, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(value);
            var version = document.RootElement.GetProperty("v").GetInt32();
            if (version != RecordWriter.FormatVersion)
                throw new IntegrityException(key, $"record format version {version}, this program understands version {RecordWriter.FormatVersion}");
            return read(new RecordReader(document.RootElement));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new IntegrityException(key, "not a valid record: " + e.Message, e);
        }
    }

    public string Text(string name) => element.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null");

    public string OptionalText(string name) => element.TryGetProperty(name, out var v) ? v.GetString()! : "";

    public long Number(string name) => element.GetProperty(name).GetInt64();

    public long OptionalNumber(string name) => element.TryGetProperty(name, out var v) ? v.GetInt64() : 0;

    public int Int(string name) => element.GetProperty(name).GetInt32();

    public int OptionalInt(string name) => element.TryGetProperty(name, out var v) ? v.GetInt32() : 0;

    public bool Flag(string name) => element.TryGetProperty(name, out var v) && v.GetBoolean();

    public Timestamp Timestamp(string name) => new(element.TryGetProperty(name, out var v) ? v.GetUInt64() : 0);

    public ImmutableArray<Property> Properties(string name) => List(name, static p => new Property(p[0].GetString()!, p[1].GetString()!));

    public ImmutableArray<string> Strings(string name) => List(name, static s => s.GetString()!);

    public ImmutableArray<long> Numbers(string name) => List(name, static n => n.GetInt64());

    public ImmutableArray<T> Objects<T>(string name, Func<RecordReader, T> read) => List(name, e => read(new RecordReader(e)));

    public T? OptionalObject<T>(string name, Func<RecordReader, T> read)
        where T : class => element.TryGetProperty(name, out var v) ? read(new RecordReader(v)) : null;

    public RecordReader Object(string name) => new(element.GetProperty(name));

    public Literal? OptionalLiteral(string name) => element.TryGetProperty(name, out var v) ? ReadLiteral(v) : null;

    private static Literal ReadLiteral(JsonElement e)
    {
        foreach (var member in e.EnumerateObject())
        {
            switch (member.Name)
            {
                case "bool": return new Literal.Bool(member.Value.GetBoolean());
                case "int": return new Literal.Int(member.Value.GetInt64());
                case "float": return new Literal.Float(member.Value.GetDouble());
                case "text": return new Literal.Text(member.Value.GetString()!);
                case "list": return new Literal.List([.. member.Value.EnumerateArray().Select(ReadLiteral)]);
            }
        }
        throw new FormatException("a literal of no known kind");
    }

    private ImmutableArray<T> List<T>(string name, Func<JsonElement, T> read)
    {
        if (!element.TryGetProperty(name, out var list)) return [];
        var items = ImmutableArray.CreateBuilder<T>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray()) items.Add(read(item));
        return items.MoveToImmutable();
    }
}
