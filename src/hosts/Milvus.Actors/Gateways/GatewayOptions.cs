namespace Milvus.Actors.Gateways;

/// <summary>Settings of the way from a proxy to the shard channels.</summary>
public sealed record GatewayOptions
{
    public static GatewayOptions Default { get; } = new();

    /// <summary>How long a write is tried before its outcome is called unknown.</summary>
    public TimeSpan WritePatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After this long without an answer a write is sent again, under the same request id.</summary>
    public TimeSpan WriteAttempt { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one attempt to open a shard may take, its wait for the guarantee included.</summary>
    public TimeSpan OpenAttempt { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the channel region has to say where a channel is.</summary>
    /// <remarks>Short: what is asked of a region that still believes in a dead node is lost.</remarks>
    public TimeSpan LocateAttempt { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After this long without an answer a channel is asked again.</summary>
    public TimeSpan ControlAttempt { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a channel has to answer a control message.</summary>
    public TimeSpan ControlPatience { get; init; } = TimeSpan.FromSeconds(10);
}
