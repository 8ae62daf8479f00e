using System.Reflection;
using System.Runtime.CompilerServices;
using Milvus.Actors.Serialization;

namespace Milvus.Actors.Tests.Serialization;

/// <summary>Everything of ours that control messages are made of, one line each, as Hyperion writes it: the type and its fields by name with their types.</summary>
internal static class ControlShapes
{
    private const string Resource = "Milvus.Actors.Tests.Serialization.control-shapes.txt";

    public static IReadOnlyList<string> Current { get; } =
    [
        .. ControlTypeFilter.Instance.Types.Where(t => IsOurs(t) && !t.IsArray && !t.IsAbstract).Select(Describe).Order(StringComparer.Ordinal),
    ];

    /// <summary>The lines that were agreed on.</summary>
    public static IReadOnlyList<string> Frozen()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"{Resource} is not in the assembly");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(l => !l.StartsWith('#'))];
    }

    private static string Describe(Type type) =>
        type.IsEnum ? $"{Name(type)}: {Enum.GetUnderlyingType(type).Name}" : $"{Name(type)}: {string.Join(", ", Fields(type).Select(f => $"{FieldName(f)} {Name(f.FieldType)}"))}".TrimEnd(' ', ':');

    private static IEnumerable<FieldInfo> Fields(Type type)
    {
        var fields = new List<FieldInfo>();
        for (var t = type; t is not null && IsOurs(t); t = t.BaseType)
            fields.AddRange(t.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));
        return fields.OrderBy(FieldName, StringComparer.Ordinal);
    }

    private static string FieldName(FieldInfo field) => field.Name.StartsWith('<') && field.IsDefined(typeof(CompilerGeneratedAttribute)) ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;

    private static string Name(Type type)
    {
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } inner) return Name(inner) + "?";
        if (!type.IsGenericType) return IsOurs(type) ? type.FullName!["Milvus.".Length..].Replace('+', '.') : type.Name;
        return $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }

    private static bool IsOurs(Type type) => type.Assembly.GetName().Name?.StartsWith("Milvus.", StringComparison.Ordinal) == true;
}
