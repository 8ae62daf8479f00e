using System.Security.Cryptography;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Time;

namespace Milvus.Coordinator.Service;

/// <summary>Settings of a coordinator.</summary>
public sealed record CoordinatorOptions
{
    private readonly int _leaseMs = TimestampOracle.DefaultLeaseMs;
    private readonly int _passwordIterations = PasswordHasher.DefaultIterations;
    private readonly int? _queryNodes;

    /// <summary>How far ahead of use the bound of the timestamp oracle is stored, in milliseconds.</summary>
    public int TimestampLeaseMs
    {
        get => _leaseMs;
        init => _leaseMs = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "the timestamp lease is at least 1 ms");
    }

    /// <summary>Rounds of the hash of new passwords.</summary>
    public int PasswordIterations
    {
        get => _passwordIterations;
        init => _passwordIterations = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "at least one round");
    }

    /// <summary>Replicas that can be loaded at most; null leaves it to whoever places them.</summary>
    public int? QueryNodes
    {
        get => _queryNodes;
        init => _queryNodes = value is null or >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "at least one query node");
    }

    /// <summary>Counts the query nodes that are at work, where they come and go; null where <see cref="QueryNodes"/> says it all. Called on any thread.</summary>
    public Func<int>? CountQueryNodes { get; init; }

    /// <summary>Makes salts; a parameter so that simulations repeat.</summary>
    public Func<int, byte[]> RandomBytes { get; init; } = RandomNumberGenerator.GetBytes;
}
