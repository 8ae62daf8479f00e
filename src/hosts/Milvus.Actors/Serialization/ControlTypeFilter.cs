using System.Collections.Frozen;
using System.Reflection;
using System.Text.RegularExpressions;
using Hyperion;
using Milvus.Actors.Messages;
using Milvus.Coordinator.Commands;

namespace Milvus.Actors.Serialization;

/// <summary>
/// The types a control message may contain: the messages of this assembly, the coordinator's commands, and what their fields are declared as, with subclasses of our own.
/// </summary>
internal sealed partial class ControlTypeFilter : ITypeFilter
{
    public static readonly ControlTypeFilter Instance = new();

    private readonly FrozenSet<string> _names;

    private ControlTypeFilter()
    {
        var found = new HashSet<Type>();
        foreach (var message in typeof(IControlMessage).Assembly.GetTypes().Where(t => t is { IsAbstract: false, IsInterface: false } && typeof(IControlMessage).IsAssignableFrom(t)))
            Add(message, found);
        Add(typeof(CoordinatorCommand), found);
        Types = found.ToFrozenSet();
        _names = found.Select(t => Simplify(t.AssemblyQualifiedName!)).ToFrozenSet(StringComparer.Ordinal);
    }

    public FrozenSet<Type> Types { get; }

    public bool IsAllowed(string typeName) => _names.Contains(Simplify(typeName));

    private static void Add(Type type, HashSet<Type> found)
    {
        if (ControlSurrogates.Replacement(type) is { } surrogate)
        {
            // The bytes name the surrogate only.
            Add(surrogate, found);
            return;
        }
        if (type.IsGenericParameter || type.IsPointer || type == typeof(object) || !found.Add(type)) return;
        if (type.IsArray)
        {
            Add(type.GetElementType()!, found);
            return;
        }
        foreach (var argument in type.GetGenericArguments()) Add(argument, found);
        // Nothing of the framework's own innards: primitives, strings and immutable arrays need no more than their names.
        if (!IsOurs(type)) return;
        for (var t = type; t is not null && IsOurs(t); t = t.BaseType)
            foreach (var field in t.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)) Add(field.FieldType, found);
        if (type is { IsClass: true, IsSealed: false })
            foreach (var derived in type.Assembly.GetTypes().Where(d => d != type && type.IsAssignableFrom(d))) Add(derived, found);
    }

    private static bool IsOurs(Type type) => type.Assembly.GetName().Name?.StartsWith("Milvus.", StringComparison.Ordinal) == true;

    // Names come with versions and without, and with Hyperion's short form of the core library's.
    private static string Simplify(string name) => Decoration().Replace(name, "");

    [GeneratedRegex(@", Version=[\d.]+|, Culture=[^,\]\s]+|, PublicKeyToken=(null|[\da-fA-F]+)|,%core%", RegexOptions.CultureInvariant)]
    private static partial Regex Decoration();
}
