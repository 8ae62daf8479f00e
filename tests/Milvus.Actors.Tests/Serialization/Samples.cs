using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using Milvus.Model;

namespace Milvus.Actors.Tests.Serialization;

/// <summary>Makes instances of message types from their declarations, so that no type and no property is forgotten, and compares them by content.</summary>
internal static class Samples
{
    /// <param name="isFull">True to give everything a value, false to leave empty or null what may be.</param>
    public static object Make(Type type, bool isFull)
    {
        var counter = 0;
        return Make(type, isFull, ref counter) ?? throw new ArgumentException($"no sample of {type}", nameof(type));
    }

    /// <summary>All properties and items, as text.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "null",
        string s => $"'{s}'",
        Enum or Timestamp => value.ToString()!,
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        bool b => b ? "true" : "false",
        IEnumerable list => "[" + string.Join(", ", list.Cast<object?>().Select(Describe)) + "]",
        CollectionSchema c => $"schema({Describe(c.Fields)}, {Describe(c.Functions)}, {Describe(c.StructFields)}, {c.Description}, {c.EnableDynamicField}, {c.Version}, {c.ExternalSource}, {c.ExternalSpec})",
        _ => $"{value.GetType().Name}({string.Join(", ", Properties(value.GetType()).Select(p => $"{p.Name}={Describe(p.GetValue(value))}"))})",
    };

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(p => p.GetIndexParameters().Length == 0).OrderBy(p => p.Name, StringComparer.Ordinal);

    private static object? Make(Type type, bool isFull, ref int counter)
    {
        var n = isFull ? ++counter : 0;
        if (Nullable.GetUnderlyingType(type) is { } inner) return isFull ? Make(inner, isFull, ref counter) : null;
        if (type == typeof(string)) return isFull ? $"text {n} ü" : "";
        if (type == typeof(bool)) return isFull;
        if (type == typeof(byte)) return (byte)n;
        if (type == typeof(int)) return n;
        if (type == typeof(long)) return (long)n << 33;
        if (type == typeof(ulong)) return ulong.MaxValue - (ulong)n;
        if (type == typeof(double)) return n + 0.5;
        if (type == typeof(Timestamp)) return new Timestamp((ulong)n << 40);
        if (type == typeof(Guid)) return new Guid(n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        if (type.IsEnum) return Enum.GetValues(type).GetValue(isFull ? Enum.GetValues(type).Length - 1 : 0);
        if (type == typeof(Literal)) return isFull ? new Literal.List([new Literal.Bool(true), new Literal.Int(n), new Literal.Float(0.1), new Literal.Text("ä")]) : null;
        if (type == typeof(CollectionSchema))
            return new CollectionSchema(Array<FieldSchema>(isFull, ref counter), Array<FunctionSchema>(isFull, ref counter), Array<StructFieldSchema>(isFull, ref counter), "d", isFull, n, isFull ? "s3://b/k" : "", isFull ? "{}" : "");
        if (type == typeof(Milvus.Coordinator.Commands.CoordinatorCommand)) return Make(typeof(Milvus.Coordinator.Commands.CreateCollection), isFull, ref counter);
        if (type.IsArray) return MakeArray(type.GetElementType()!, isFull, ref counter);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>))
        {
            var items = MakeArray(type.GetGenericArguments()[0], isFull, ref counter);
            return typeof(ImmutableArray).GetMethods().Single(m => m.Name == "Create" && m.GetParameters() is [{ ParameterType.IsArray: true }] && m.GetParameters()[0].GetCustomAttribute<ParamArrayAttribute>() is not null)
                .MakeGenericMethod(type.GetGenericArguments()[0]).Invoke(null, [items]);
        }
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableSortedDictionary<,>))
        {
            var dictionary = (IDictionary)Activator.CreateInstance(typeof(SortedDictionary<,>).MakeGenericType(type.GetGenericArguments()))!;
            if (isFull) dictionary.Add("key", Make(type.GetGenericArguments()[1], isFull, ref counter));
            return typeof(Samples).GetMethod(nameof(Sorted), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type.GetGenericArguments()).Invoke(null, [dictionary]);
        }
        return MakeObject(type, isFull, ref counter);
    }

    private static object MakeObject(Type type, bool isFull, ref int counter)
    {
        var constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First();
        var arguments = new List<object?>();
        foreach (var parameter in constructor.GetParameters()) arguments.Add(Make(parameter.ParameterType, isFull, ref counter));
        var made = constructor.Invoke([.. arguments]);
        foreach (var property in Properties(type))
        {
            var isGiven = constructor.GetParameters().Any(p => p.Name == property.Name);
            var isRequired = property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null;
            if (property.CanWrite && !isGiven && (isFull || isRequired)) property.SetValue(made, Make(property.PropertyType, isFull, ref counter));
        }
        return made;
    }

    private static ImmutableArray<T> Array<T>(bool isFull, ref int counter) => [.. (T[])MakeArray(typeof(T), isFull, ref counter)];

    private static Array MakeArray(Type element, bool isFull, ref int counter)
    {
        var items = System.Array.CreateInstance(element, isFull ? 2 : 0);
        for (var i = 0; i < items.Length; i++) items.SetValue(Make(element, isFull, ref counter), i);
        // An absent value among present ones, where messages use it.
        if (items is byte[][] { Length: > 1 } bytes) bytes[1] = null!;
        return items;
    }

    private static ImmutableSortedDictionary<TKey, TValue> Sorted<TKey, TValue>(IDictionary<TKey, TValue> items)
        where TKey : notnull => items.ToImmutableSortedDictionary();
}
