from . import (
    cart,
    created,
    form,
    page,
    purchase,
    registration,
    subscription,
    survey,
)
