using System.Collections.Concurrent;
using Milvus.Model;

namespace Milvus.Text.Analyzers.Morphology;

/// <summary>
/// Where the operator keeps dictionaries: a directory with one directory per <c>dict_kind</c> in it, each a MeCab dictionary in its source
/// form. A dictionary is compiled when it is first needed and then shared by the whole process. Safe for any number of threads.
/// </summary>
/// <param name="path">The directory; it is looked at only when an analyzer asks for a dictionary.</param>
public sealed class DictionaryDirectory(string path)
{
    private static readonly ConcurrentDictionary<(string, DictionaryKind), LazyDictionary> s_dictionaries = new();

    private readonly string _path = Path.GetFullPath(path);

    /// <returns>The dictionary, not compiled yet unless somebody used it.</returns>
    /// <exception cref="MilvusException">1100: it is not there.</exception>
    internal LazyDictionary Find(DictionaryKind kind)
    {
        string directory = Path.Combine(_path, kind.Name);
        string? lacks = DictionaryCompiler.Lacks(directory);
        if (lacks is not null)
            throw MilvusException.InvalidParameter($"lindera dict_kind {kind.Name} is not available on this server: {lacks} below the operator's directory of dictionaries");
        return s_dictionaries.GetOrAdd((directory, kind), static key => new LazyDictionary(key.Item1, key.Item2));
    }
}

/// <summary>A dictionary that is compiled when it is first used. Who comes while that lasts waits; a failure is tried again by the next.</summary>
internal sealed class LazyDictionary(string directory, DictionaryKind kind)
{
    private readonly Lock _compiling = new();
    private volatile MorphologyDictionary? _dictionary;

    /// <exception cref="MilvusException">5: the files cannot be read or are damaged; names the file.</exception>
    public MorphologyDictionary Value
    {
        get
        {
            if (_dictionary is { } ready)
                return ready;
            lock (_compiling)
                return _dictionary ??= Compile();
        }
    }

    private MorphologyDictionary Compile()
    {
        try
        {
            return DictionaryCompiler.Compile(directory, kind);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new MilvusException(ErrorCode.Internal, $"lindera dictionary {kind.Name} cannot be read: {e.Message}", e);
        }
    }
}
